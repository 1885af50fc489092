import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openEnvironment } from './environment.ts'
import { isRunning, thisProcess } from './process.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'murmur-environment-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a new folder is stamped with the format', async () => {
  const environment = openEnvironment(join(folder, 'new', 'data'))
  await environment.close()
  expect(JSON.parse(readFileSync(join(folder, 'new', 'data', 'murmur.json'), 'utf8'))).toEqual({ format: 1 })
})

test('a folder of a newer version is refused, with both formats and the remedy', () => {
  writeFileSync(join(folder, 'murmur.json'), '{"format": 7}')
  expect(() => openEnvironment(folder)).toThrow(
    expect.objectContaining({
      code: 'NEWER_FORMAT',
      message: expect.stringMatching(/format 7.*up to 1.*install the version that wrote it/),
    }),
  )
})

test.each(['not JSON', '{}', '{"format": "1"}', ''])('a damaged stamp is refused: %s', (text) => {
  writeFileSync(join(folder, 'murmur.json'), text)
  expect(() => openEnvironment(folder)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
})

test('a stamp that is no file is refused', () => {
  mkdirSync(join(folder, 'murmur.json'))
  expect(() => openEnvironment(folder)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
})

test('a transaction that throws leaves nothing, and its error comes out as it is', async () => {
  const environment = openEnvironment(folder)
  const fault = new Error('no')
  const failing = () =>
    environment.transaction(() => {
      environment.meta.putSync(['k'], 1)
      throw fault
    })
  expect(failing).toThrow(fault)
  expect(environment.meta.get(['k'])).toBeUndefined()
  await environment.close()
})

test('a database that is none comes out as UNAVAILABLE', () => {
  mkdirSync(join(folder, 'log'))
  writeFileSync(join(folder, 'log', 'data.mdb'), Buffer.alloc(8192, 1))
  expect(() => openEnvironment(folder)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
})

test('a disk that is full makes LOG_FULL, and what was written before stays', async () => {
  // A limit on the size of files stands for the disk: the kernel refuses the write in the same place.
  const script = `
    import { openEnvironment } from '${join(import.meta.dirname, '../../dist/connectors/embedded/environment.js')}'
    const environment = openEnvironment(process.argv[1])
    environment.transaction(() => environment.meta.putSync(['before'], 'there'))
    try {
      environment.transaction(() => environment.batches.putSync(['big'], Buffer.alloc(64_000_000)))
    } catch (cause) {
      console.log(cause.code, cause.retryable)
    }
    console.log(environment.meta.get(['before']), environment.batches.get(['big']))
    environment.transaction(() => environment.meta.putSync(['after'], 'there'))
    console.log(environment.meta.get(['after']))
    await environment.close()`
  const command = 'ulimit -f 20000; exec "$0" --input-type=module -e "$1" "$2"'
  const child = spawnSync('bash', ['-c', command, process.execPath, script, folder], { encoding: 'utf8' })
  expect(child.stdout.trim().split('\n')).toEqual(['LOG_FULL true', 'there undefined', 'there'])
})

test('processes that open the database cost no commit of another', async () => {
  const script = `
    import { openEnvironment } from '${join(import.meta.dirname, '../../dist/connectors/embedded/environment.js')}'
    for (let i = 0; i < 300; i++) {
      const environment = openEnvironment(process.argv[1])
      environment.meta.get(['count'])
      await environment.close()
    }`
  const environment = openEnvironment(folder)
  const { meta } = environment
  const opening = [1, 2, 3, 4].map(async () => {
    const [code] = await once(spawn(process.execPath, ['--input-type=module', '-e', script, folder]), 'exit')
    return code
  })
  const over = Promise.all(opening)
  let commits = 0
  for (let open = true; open; ) {
    environment.transaction(() => {
      expect(meta.get(['count'])).toBe(commits || undefined)
      meta.putSync(['count'], ++commits)
    })
    open = await Promise.race([over.then(() => false), pause(0, true)])
  }
  expect(await over).toEqual([0, 0, 0, 0])
  expect(meta.get(['count'])).toBe(commits)
  await environment.close()
})

test('a process is told apart from others: the dead, one before a reboot, one with the same number', () => {
  const me = thisProcess()
  expect(isRunning(me)).toBe(true)
  expect(isRunning({ ...me, boot: 'another' })).toBe(false)
  expect(isRunning({ ...me, started: '1' })).toBe(false)
  const dead = spawnSync('true')
  expect(isRunning({ ...me, pid: dead.pid })).toBe(false)
})
