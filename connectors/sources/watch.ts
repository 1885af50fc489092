import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** File systems that tell no changes are looked at so often. */
const pollMs = 1000

export interface Watch {
  /** Resolves when the file may have changed since the last call, when a second has passed, or on abort. */
  changed(signal: AbortSignal): Promise<void>
  close(): void
}

/** Watches a file by its name: the one that takes its place is watched too. */
export function watchFile(path: string): Watch {
  let dirty = false
  let wake = () => {}
  let watcher: FSWatcher | undefined
  try {
    watcher = watch(dirname(path), (_event, name) => {
      if (name !== null && name !== basename(path)) return
      dirty = true
      wake()
    })
    watcher.on('error', () => watcher?.close())
  } catch {
    // no watches left, or none on this file system: the poll does
  }
  return {
    changed(signal) {
      if (dirty || signal.aborted) {
        dirty = false
        return Promise.resolve()
      }
      return new Promise((resolve) => {
        const timer = setTimeout(done, pollMs)
        signal.addEventListener('abort', done, { once: true })
        wake = done
        function done(): void {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          wake = () => {}
          dirty = false
          resolve()
        }
      })
    },
    close: () => watcher?.close(),
  }
}
