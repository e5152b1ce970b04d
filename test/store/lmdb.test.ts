import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { History } from '../../src/broker/history.ts'
import { LmdbStore } from '../../src/store/lmdb.ts'
import { openStore } from '../../src/store/open.ts'
import { StoreError } from '../../src/store/store.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { eventOf } from './events.ts'
import { describeStore } from './suite.ts'

describe('the store in an LMDB file', () => {
  let folder: string
  let path: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wampd-store-'))
    path = join(folder, 'deep', 'events.lmdb')
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  describe('as any store', () => {
    describeStore(
      async () => new LmdbStore(path),
      async store => {
        await store.close()
        return new LmdbStore(path)
      },
    )
  })

  it('is loaded only where a realm asks for it', () => {
    const script = `
      import { openStore } from '${new URL('../../src/store/open.js', import.meta.url)}'
      import { createRequire } from 'node:module'
      openStore()
      const loaded = Object.keys(createRequire('/').cache).some(name => name.includes('lmdb'))
      process.exit(loaded ? 1 : 0)`
    expect(spawnSync(process.execPath, ['--input-type=module', '-e', script]).status).equal(0)
  })

  it('needs a path, and is not opened twice', async () => {
    expect(() => openStore({ type: 'lmdb' })).throws(StoreError, 'needs a path')
    const store = openStore({ type: 'lmdb', path })
    expect(() => openStore({ type: 'lmdb', path })).throws(StoreError, 'open already')
    await store.close()
    await openStore({ type: 'lmdb', path }).close()
  })

  it('says so where it cannot write', async () => {
    writeFileSync(join(folder, 'deep'), 'a file where a folder has to be')
    expect(() => new LmdbStore(path)).throws(StoreError, path)
  })

  it('does not grow beyond what its bounds need, however much goes through it', async function () {
    this.timeout(60_000)
    const store = new LmdbStore(path)
    const history = new History(store.log('exact', 'a.b'), new FakeClock(), { limit: 500 })
    const add = async (count: number) => {
      for (let i = 1; i <= count; i++) {
        history.add(eventOf(i, { args: ['x'.repeat(1000)] }))
        if (i % 100 === 0) await store.lasting()
      }
      await store.lasting()
    }
    await add(2000)
    const size = statSync(path).size
    await add(20_000)
    // 500 KB are kept, and 20 MB went through.
    expect(statSync(path).size).below(Math.max(size * 2, 3 << 20))
    await store.close()
  })

  describe('refuses a file', () => {
    async function fill(): Promise<void> {
      const store = new LmdbStore(path)
      const log = store.log('exact', 'a.b')
      for (let i = 1; i <= 1000; i++) log.push(eventOf(i, { args: ['x'.repeat(300)] }))
      for (let i = 1; i <= 200; i++) store.retain(`a.${i}`, [eventOf(i, { topic: `a.${i}` })])
      await store.lasting()
      for (let i = 1; i <= 300; i++) log.shift()
      await store.close()
    }

    it('that is something else, and leaves it as it was', async () => {
      const text = 'hello, this is no store'.repeat(1000)
      await fill()
      writeFileSync(path, text)
      expect(() => new LmdbStore(path)).throws(StoreError, 'no LMDB file')
      expect(statSync(path).size).equal(text.length)
    })

    it('that another program keeps its own things in', async () => {
      const { open } = createRequire(import.meta.url)('lmdb') as typeof import('lmdb')
      const root = open({ path: join(folder, 'other.lmdb'), noSubdir: true })
      await root.put('a', 1)
      await root.close()
      expect(() => new LmdbStore(join(folder, 'other.lmdb'))).throws(StoreError, 'not of wampd')
    })

    it('that is cut off', async () => {
      await fill()
      const { size } = statSync(path)
      for (const length of [10, 4096, 8192, size >> 1, size - 4096]) {
        const cut = join(folder, `${length}.lmdb`)
        copyFileSync(path, cut)
        truncateSync(cut, length)
        expect(() => new LmdbStore(cut), `${length}`).throws(StoreError)
      }
    })
  })
})
