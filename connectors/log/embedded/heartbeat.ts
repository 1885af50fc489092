import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isRunning, monotonicNow, type Process } from '../../embedded/process.ts'

/** One file a member with the time of its last sign of life: written every second, never flushed to the disk. */
export interface Heartbeat {
  beat(): void
  end(): void
}

export function startHeartbeat(folder: string, member: string): Heartbeat {
  mkdirSync(join(folder, 'members'), { recursive: true })
  const file = openSync(fileOf(folder, member), 'w')
  const time = Buffer.alloc(8)
  const beat = () => {
    time.writeDoubleLE(monotonicNow())
    writeSync(file, time, 0, 8, 0)
  }
  beat()
  return {
    beat,
    end() {
      closeSync(file)
      forget(folder, member)
    },
  }
}

export const forget = (folder: string, member: string): void =>
  rmSync(fileOf(folder, member), { force: true })

/**
 * Whether a member still lives: its process runs, and its last sign of life is younger than `leaseMs`. A time
 * that lies ahead is of a clock before a reboot.
 */
export function isAlive(folder: string, member: string, owner: Process, leaseMs: number): boolean {
  if (!isRunning(owner)) return false
  const age = monotonicNow() - lastBeat(folder, member)
  return age > -1000 && age < leaseMs
}

function lastBeat(folder: string, member: string): number {
  try {
    return readFileSync(fileOf(folder, member)).readDoubleLE()
  } catch {
    return Number.NEGATIVE_INFINITY
  }
}

const fileOf = (folder: string, member: string): string => join(folder, 'members', member)
