import { setTimeout as sleep } from 'node:timers/promises'
import { placeName } from '../assign.ts'
import type { Cluster } from './cluster.ts'
import { isPassing } from './faults.ts'
import { type Fetched, type FetchFrom, type FetchLimits, fetchFrom } from './fetch.ts'

export interface FetcherParts {
  readonly cluster: Cluster
  /** Sets its connections apart from those of other fetchers. */
  readonly name: string
  readonly limits: FetchLimits
  /** What there is room for now. Asked before each request. */
  wanted(): readonly FetchFrom[]
  /** Takes what came for a place that was asked for; the next request waits for it. */
  deliver(fetched: Fetched, from: FetchFrom): void | Promise<void>
  /** Told of each fault that may pass by itself. */
  faulty(cause: unknown): void
  /** Told of a fault that will not pass; the fetcher has stopped then. */
  failed(cause: unknown): void
}

export interface Fetcher {
  /** There may be room again, or more to ask for. */
  wake(): void
  /** What is on its way is dropped. */
  stop(): void
}

const faultPauseMs = 50

/** Keeps one request on its way to each broker that leads something wanted. */
export function startFetcher({
  cluster,
  name,
  limits,
  wanted,
  deliver,
  faulty,
  failed,
}: FetcherParts): Fetcher {
  const loops = new Map<number, Promise<void>>()
  let stopping = false
  let waking: Promise<void> | undefined
  let again = false

  async function ledBy(broker: number): Promise<readonly FetchFrom[]> {
    const led: FetchFrom[] = []
    for (const place of wanted())
      if ((await cluster.leaders(place.topic))[place.partition] === broker) led.push(place)
    return led
  }

  async function loop(broker: number): Promise<void> {
    while (!stopping) {
      const places = await ledBy(broker)
      if (places.length === 0) return
      const byName = new Map(places.map((place) => [placeName(place), place]))
      const parts = await fetchFrom(cluster, broker, `fetch ${name}`, places, limits)
      for (const part of parts) {
        const from = byName.get(placeName(part))
        if (from && !stopping) await deliver(part, from)
      }
    }
  }

  async function start(): Promise<void> {
    const brokers = new Set<number>()
    for (const { topic, partition } of wanted()) {
      const leader = (await cluster.leaders(topic))[partition] ?? -1
      if (leader < 0) cluster.forgetLeaders(topic)
      brokers.add(leader)
    }
    // A partition between two leaders: looked at again in a moment
    if (brokers.delete(-1)) setTimeout(wake, faultPauseMs)
    for (const broker of brokers) {
      if (loops.has(broker) || stopping) continue
      const running = loop(broker).catch(tolerate)
      loops.set(broker, running)
      void running.then(() => {
        loops.delete(broker)
        if (!stopping && wanted().length > 0) wake()
      })
    }
  }

  async function tolerate(cause: unknown): Promise<void> {
    if (stopping) return
    if (!isPassing(cause) && !(cause as { retryable?: boolean }).retryable) {
      stopping = true
      failed(cause)
      return
    }
    faulty(cause)
    await sleep(faultPauseMs)
  }

  function wake(): void {
    again = true
    if (stopping || waking) return
    again = false
    waking = start()
      .catch(tolerate)
      .finally(() => {
        waking = undefined
        if (again) wake()
      })
  }

  return {
    wake,
    stop() {
      stopping = true
      cluster.hangUp(`fetch ${name}`)
    },
  }
}
