import { readFileSync } from 'node:fs'

/** A process, told apart from a later one that gets the same number. */
export interface Process {
  readonly pid: number
  /** When it started, in the kernel's ticks since the boot; undefined where the system doesn't say. */
  readonly started?: string | undefined
  /** The boot of the machine; undefined where the system doesn't say. */
  readonly boot?: string | undefined
}

const boot = readOrUndefined('/proc/sys/kernel/random/boot_id')?.trim()

export const thisProcess = (): Process => ({ pid: process.pid, started: startOf(process.pid), boot })

/** Whether the process still runs on this machine. False for one of before a reboot. */
export function isRunning(one: Process): boolean {
  if (one.boot !== boot) return false
  try {
    process.kill(one.pid, 0)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  return startOf(one.pid) === one.started
}

/** Milliseconds on the clock that all processes of the machine share, and that nobody can set. */
export const monotonicNow = (): number => Number(process.hrtime.bigint() / 1_000_000n)

/**
 * Field 22 of /proc/PID/stat (proc_pid_stat(5)). The second, the command, may hold spaces and brackets, so the
 * count begins after its last bracket. A dead process whose parent has not asked for it counts as gone.
 */
function startOf(pid: number): string | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`)
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields?.[0] === 'Z' ? undefined : fields?.[19]
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
