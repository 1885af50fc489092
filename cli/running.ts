import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRunning, type Process, thisProcess } from '../connectors/embedded/process.ts'

/** The pipeline that runs on a data folder, as it announced itself in `pipeline.json`. */
export interface Running {
  readonly process: Process
  /** Such as `http://127.0.0.1:8080`; undefined without a gateway. */
  readonly address: string | undefined
}

const fileIn = (data: string): string => join(data, 'pipeline.json')

/** The pipeline that runs on this folder now; undefined where none does. */
export function runningPipeline(data: string): Running | undefined {
  try {
    const running = JSON.parse(readFileSync(fileIn(data), 'utf8')) as Running
    return isRunning(running.process) ? running : undefined
  } catch {
    return undefined
  }
}

/**
 * Claims the folder for this pipeline.
 * @returns tells the address once it is known; gives the folder back
 * @throws where another pipeline has it, naming its process and address
 */
export function claimFolder(data: string): { announce(address: string | undefined): void; release(): void } {
  mkdirSync(data, { recursive: true })
  const announce = (address: string | undefined, flag: 'w' | 'wx' = 'w') =>
    writeFileSync(fileIn(data), JSON.stringify({ process: thisProcess(), address }), { flag })
  const running = runningPipeline(data)
  if (running) throw inUse(data, running)
  rmSync(fileIn(data), { force: true })
  try {
    announce(undefined, 'wx')
  } catch (cause) {
    const other = runningPipeline(data)
    throw other ? inUse(data, other) : cause
  }
  return { announce, release: () => rmSync(fileIn(data), { force: true }) }
}

const inUse = (data: string, { process, address }: Running): Error =>
  new Error(
    `the folder "${data}" is in use by the pipeline of process ${process.pid}${address ? ` at ${address}` : ''}; stop that one, or give this one a folder of its own with --data`,
  )

/**
 * Asks the running pipeline's gateway.
 * @throws the gateway's own message and remedy, where it refuses
 */
export async function ask<T>(address: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${address}${path}`, {
    ...(body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const answer = (await response.json()) as T & { error?: { message: string; remedy?: string } }
  if (!response.ok && answer.error) {
    throw new Error([answer.error.message, answer.error.remedy].filter(Boolean).join('; '))
  }
  return answer
}
