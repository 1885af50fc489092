import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A server that dies with this process, however this process ends. */
export interface ServerProcess {
  readonly pid: number
  /** Resolves once the server is gone. */
  readonly exited: Promise<void>
  /** Sends the signal. SIGKILL also ends a stopped server; any other needs it running. */
  signal(name: NodeJS.Signals): void
}

/**
 * Becomes the server, and leaves a shell behind that waits on the pipe from this process. A line on it says that the
 * server is gone; its end, that this process is, by SIGKILL or otherwise: then the server goes, too.
 */
const guard = 'exec 3<&0; (read -r gone <&3 || kill -9 $$) & exec "$@" </dev/null 3<&-'

/** Longer than any server of ours takes on a busy machine. */
const startMs = 60_000

/**
 * Starts a server and waits until its log has the text.
 * @param log the file that takes what the server prints, behind what is there
 * @throws Error with the end of the log if the server ends before, or says nothing within a minute
 */
export async function startProcess(
  command: string,
  args: readonly string[],
  log: string,
  ready: string,
): Promise<ServerProcess> {
  const output = openSync(log, 'a')
  const from = statSync(log).size
  const child = spawn('/bin/sh', ['-c', guard, 'sh', command, ...args], {
    stdio: ['pipe', output, output],
    // Ctrl-C is for this process, which then stops its servers in their order
    detached: true,
  })
  closeSync(output)
  const server = serverOf(child)
  const said = () => readFileSync(log).subarray(from).toString()
  const deadline = Date.now() + startMs
  while (!said().includes(ready)) {
    const ended = child.exitCode !== null || child.signalCode !== null
    if (ended || Date.now() > deadline) {
      server.signal('SIGKILL')
      throw new Error(`${command} did not start; the end of ${log}:\n${said().slice(-4000)}`)
    }
    await sleep(20)
  }
  return server
}

function serverOf(child: ChildProcess): ServerProcess {
  const { pid } = child
  if (pid === undefined) throw new Error('/bin/sh did not start')
  // The guard may be gone before the line reaches it
  child.stdin?.on('error', () => {})
  const exited = new Promise<void>((resolve) =>
    child.on('exit', () => {
      child.stdin?.end('gone\n')
      resolve()
    }),
  )
  return { pid, exited, signal: (name) => child.kill(name) }
}
