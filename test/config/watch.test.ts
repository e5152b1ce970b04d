import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { FileWatch, filesOf } from '../../src/config/watch.ts'
import { ConfigFolder } from '../helpers/config-folder.ts'
import { errorLog } from '../helpers/error-log.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { eventually } from '../helpers/raw-client.ts'

describe('a watch of files', () => {
  let folder: ConfigFolder
  let clock: FakeClock
  let watch: FileWatch
  let changes: number
  let root: string
  let include: string[]

  beforeEach(() => {
    folder = new ConfigFolder()
    mkdirSync(join(folder.path, 'realms'))
    root = folder.write('wampd.yaml', 'one')
    folder.write('realms/a.yaml', 'one')
    clock = new FakeClock()
    changes = 0
    include = ['realms/*.yaml']
    const changed = () => changes++
    watch = new FileWatch(() => filesOf(root, include), changed, clock, errorLog())
  })
  afterEach(() => {
    watch.stop()
    folder.remove()
  })

  /** Waits for the system's word that something has happened, then lets time pass. */
  async function settle(): Promise<void> {
    await eventually('an event', () => clock.pending > 0)
    clock.pass(100)
    clock.pass(100)
  }

  it('tells of a file that is written', async () => {
    folder.write('wampd.yaml', 'other')
    await settle()
    expect(changes).equal(1)
    expect(clock.pending).equal(0)
  })

  it('tells of a file that another is put in the place of, again and again', async () => {
    for (let i = 1; i <= 3; i++) {
      folder.replace('wampd.yaml', `number ${i}`)
      await settle()
      expect(changes).equal(i)
    }
  })

  it('tells of included files that change, come and go', async () => {
    folder.write('realms/a.yaml', 'other')
    await settle()
    folder.write('realms/b.yaml', 'new')
    await settle()
    expect(changes).equal(2)
    folder.replace('realms/b.yaml', 'newer')
    await settle()
    expect(changes).equal(3)
  })

  it('follows an include that names another folder', async () => {
    mkdirSync(join(folder.path, 'more'))
    folder.write('more/a.yaml', 'one')
    include = ['more/*.yaml']
    folder.write('wampd.yaml', 'other')
    await settle()
    folder.write('more/a.yaml', 'other')
    await settle()
    expect(changes).equal(2)
  })

  it('tells of a link that leads elsewhere', async () => {
    watch.stop()
    folder.write('data-1', 'one')
    folder.write('data-2', 'two, which is longer')
    root = join(folder.path, 'linked.yaml')
    symlinkSync('data', root)
    symlinkSync('data-1', join(folder.path, 'data'))
    watch = new FileWatch(
      () => [root],
      () => changes++,
      clock,
      errorLog(),
    )
    symlinkSync('data-2', join(folder.path, 'data.new'))
    folder.rename('data.new', 'data')
    await settle()
    expect(changes).equal(1)
  })

  it('waits until a file is left alone, and tells once', async () => {
    for (let i = 1; i <= 10; i++) {
      folder.write('wampd.yaml', 'x'.repeat(i * 10))
      await eventually('an event', () => clock.pending > 0)
      clock.pass(100)
      expect(changes).equal(0)
    }
    clock.pass(100)
    expect(changes).equal(1)
  })

  it('does not mind other files of the folder', async () => {
    folder.write('other.log', 'a line')
    await settle()
    folder.write('realms/.hidden.yaml', 'hidden')
    await settle()
    expect(changes).equal(0)
  })

  it('hears nothing once it is stopped', async () => {
    folder.write('wampd.yaml', 'other')
    await eventually('an event', () => clock.pending > 0)
    watch.stop()
    expect(clock.pending).equal(0)
    folder.write('wampd.yaml', 'and another')
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(clock.pending).equal(0)
    expect(changes).equal(0)
  })
})
