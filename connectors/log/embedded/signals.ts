import { closeSync, type FSWatcher, mkdirSync, openSync, watch, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Wakes up other processes (and this one): a file is touched, whoever watches the folder hears its name. */
export interface Signals {
  raise(name: string): void
  /** Calls back whenever the name is raised, by any process. Returns what ends it. */
  listen(names: readonly string[], listener: () => void): () => void
  close(): void
}

const oneByte = Buffer.from('.')

/**
 * Signals may get lost (no more watches on this machine, a file system without them): whoever listens must
 * also look from time to time.
 */
export function openSignals(folder: string): Signals {
  const place = join(folder, 'signals')
  mkdirSync(place, { recursive: true })
  const listeners = new Map<string, Set<() => void>>()
  const files = new Map<string, number>()
  const watcher = watchFolder(place, (name) => {
    for (const listener of listeners.get(name) ?? []) listener()
  })
  return {
    raise(name) {
      const file = files.get(name) ?? openSync(join(place, name), 'w')
      files.set(name, file)
      writeSync(file, oneByte, 0, 1, 0)
    },
    listen(names, listener) {
      for (const name of names) listeners.set(name, (listeners.get(name) ?? new Set()).add(listener))
      return () => {
        for (const name of names) listeners.get(name)?.delete(listener)
      }
    },
    close() {
      watcher?.close()
      for (const file of files.values()) closeSync(file)
      files.clear()
    },
  }
}

function watchFolder(place: string, heard: (name: string) => void): FSWatcher | undefined {
  try {
    const watcher = watch(place, { persistent: false }, (_event, name) => {
      if (name !== null) heard(name)
    })
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}
