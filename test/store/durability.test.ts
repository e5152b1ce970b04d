import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { LmdbStore } from '../../src/store/lmdb.ts'
import { StoreError } from '../../src/store/store.ts'
import { contentOf, eventOf } from './events.ts'

const PUBLISHER = fileURLToPath(new URL('./endless-publisher.js', import.meta.url))

describe('a durable history', () => {
  let folder: string
  let path: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wampd-store-'))
    path = join(folder, 'events.lmdb')
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  /** Runs a publisher, kills it a while after its first acknowledgement; gives what it wrote. */
  async function publishUntilKilled(first: number, time: number): Promise<number[]> {
    const child = spawn(process.execPath, [PUBLISHER, path, `${first}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      output += text
    })
    await once(child.stdout, 'data')
    await sleep(time)
    child.kill('SIGKILL')
    const [, signal] = await once(child, 'close')
    expect(signal).equal('SIGKILL')
    // The last line may be cut off.
    return output.split('\n').slice(0, -1).map(Number)
  }

  it('says so where nothing can be written any more, and the process goes on', async () => {
    const program = `
      import { LmdbStore } from '${new URL('../../src/store/lmdb.js', import.meta.url)}'
      import { eventOf } from '${new URL('./events.js', import.meta.url)}'
      const store = new LmdbStore(${JSON.stringify(path)})
      let written = 0
      try {
        for (;;) {
          store.retain('a.' + written, [eventOf(written + 1, { args: ['x'.repeat(50_000)] })])
          await store.lasting()
          written++
        }
      } catch (error) {
        console.log(written, error.message)
      }
      setTimeout(() => process.exit(), 200)`
    // A limit on the size of files does as a full disk does.
    const args = ['-c', 'ulimit -f 4096; exec "$@"', 'sh', process.execPath]
    const child = spawn('/bin/sh', [...args, '--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      output += text
    })
    const [code] = await once(child, 'close')
    expect([code, output]).deep.equal([0, output])
    expect(output).match(/^\d+ store .*: (File too large|Input\/output error)\n$/)
    const store = new LmdbStore(path)
    expect(store.retained()).length(Number.parseInt(output, 10))
    await store.close()
  })

  it('has every acknowledged publication after a SIGKILL, in order, once', async function () {
    this.timeout(60_000)
    const acknowledged: number[] = []
    let next = 1
    for (const time of [0, 30, 100, 7, 61]) {
      const numbers = await publishUntilKilled(next, time)
      expect(numbers.length).above(0)
      acknowledged.push(...numbers)
      const store = new LmdbStore(path)
      const kept = contentOf(store.log('exact', 'a.b')).map(({ args }) => (args as number[])[0])
      const [retained] = store.retained().map(event => event.payload.values().args?.[0])
      await store.close()
      // What was not acknowledged may be missing, but only at the end of a run.
      expect(new Set(kept).size).equal(kept.length)
      expect(kept).deep.equal([...kept].sort((a, b) => (a as number) - (b as number)))
      const there = new Set(kept)
      expect(acknowledged.filter(number => !there.has(number))).deep.equal([])
      expect(retained).equal(kept.at(-1))
      next = (kept.at(-1) as number) + 1
    }
  })

  it('is whole or refused when its file is damaged, wherever that is', async function () {
    this.timeout(60_000)
    const store = new LmdbStore(path)
    const log = store.log('exact', 'a.b')
    for (let i = 1; i <= 400; i++) log.push(eventOf(i, { args: [i, 'x'.repeat(300)] }))
    await store.lasting()
    const wanted = contentOf(log)
    await store.close()
    const sound = readFileSync(path)
    const pages = sound.length / 4096
    let refused = 0
    for (let page = 0; page < pages; page += page < 4 ? 1 : Math.ceil(pages / 12)) {
      const damaged = join(folder, `${page}.lmdb`)
      const bytes = Uint8Array.from({ length: 500 }, (_, i) => (i * 131 + page * 17) % 256)
      const file = new Uint8Array(sound)
      file.set(bytes, page * 4096 + 1000 * (page % 4))
      writeFileSync(damaged, file)
      try {
        const again = new LmdbStore(damaged)
        expect(contentOf(again.log('exact', 'a.b')), `page ${page}`).deep.equal(wanted)
        again.log('exact', 'a.b').push(eventOf(401))
        await again.close()
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        refused++
      }
    }
    expect(refused).above(5)
  })
})
