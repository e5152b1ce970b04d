import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { shipped } from '../../src/config/shipped.ts'
import { urlOf, Wampd } from './wampd.ts'

describe('command line: init and schema', function () {
  this.timeout(30000)
  const wampd = new Wampd()
  const read = (name: string) => readFileSync(join(wampd.folder, name), 'utf8')
  const ours = (name: string) => readFileSync(shipped(`realms/${name}`), 'utf8')

  it('init writes a file for production by default, and its schema beside it', async () => {
    expect(await wampd.output('init')).to.equal(
      'wrote wampd.yaml\nwrote wampd.schema.json\nRead it, change it, then: wampd start\n',
    )
    expect(read('wampd.yaml')).to.equal(ours('production.yaml'))
    expect(read('wampd.schema.json')).to.equal(ours('wampd.schema.json'))
  })

  it('init takes the files along that a template includes', async () => {
    const said = await wampd.output('init', 'etc/many.yaml', '--template', 'multi-realm')
    expect(said).to.contain('then: wampd start --config etc/many.yaml')
    for (const [name, from] of [
      ['etc/many.yaml', 'multi-realm.yaml'],
      ['etc/multi-realm/orders.yaml', 'multi-realm/orders.yaml'],
      ['etc/multi-realm/sensors.yaml', 'multi-realm/sensors.yaml'],
      ['etc/wampd.schema.json', 'wampd.schema.json'],
    ] as const) {
      expect(read(name), name).to.equal(ours(from))
    }
  })

  it('init writes files that start as they are', async () => {
    await wampd.output('init', 'dev.yaml', '-t', 'development')
    await urlOf(wampd.run('start', '-c', 'dev.yaml', '--port', '0'))
    await wampd.output('init', 'proxy.yaml', '-t', 'proxy')
    const check = wampd.runWith({ BACKEND_TICKET: 'x' }, 'check', 'proxy.yaml')
    expect(await check.exited, check.out).to.equal(0)
  })

  it('init overwrites what has been changed with --force only', async () => {
    await wampd.output('init', 'mine.yaml')
    wampd.file('mine.yaml', 'mine')
    expect(await wampd.failure(1, 'init', 'mine.yaml')).to.deep.equal([
      'mine.yaml is there already; --force overwrites it',
    ])
    expect(read('mine.yaml')).to.equal('mine')
    await wampd.output('init', 'mine.yaml', '--force')
    expect(read('mine.yaml')).to.equal(ours('production.yaml'))
  })

  it('init says where it cannot write, and leaves nothing half done', async () => {
    wampd.file('plain', '')
    const [line] = await wampd.failure(1, 'init', 'plain/wampd.yaml')
    expect(line).to.match(/^plain\/wampd\.yaml cannot be written: /)
    expect(existsSync(join(wampd.folder, 'plain', 'wampd.schema.json'))).to.equal(false)
  })

  it('schema prints the schema that ships', async () => {
    expect(await wampd.output('schema')).to.equal(ours('wampd.schema.json'))
  })
})
