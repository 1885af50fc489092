import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exclusively } from '../connectors/embedded/lock.ts'
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

/** A pipeline's hold on its data folder. */
export interface FolderClaim {
  /** Tells the others where the gateway listens. */
  announce(address: string | undefined): void
  release(): void
}

/**
 * Claims the folder for this pipeline: also where everything lies on servers, since its processes take their names
 * from the folder.
 * @throws where another pipeline has it, naming its process and address
 */
export async function claimFolder(data: string): Promise<FolderClaim> {
  // By a rename, so that nobody reads half of it
  const announce = (address: string | undefined) => {
    const draft = `${fileIn(data)}.${process.pid}`
    writeFileSync(draft, JSON.stringify({ process: thisProcess(), address }))
    renameSync(draft, fileIn(data))
  }
  mkdirSync(data, { recursive: true })
  await exclusively(data, 'claim', () => {
    const running = runningPipeline(data)
    if (running) throw inUse(data, running)
    announce(undefined)
  })
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
