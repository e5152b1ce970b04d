import { expect } from 'chai'
import type { Log } from '../../src/base/log.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { ConfigFolder } from '../helpers/config-folder.ts'
import { eventually, pause } from '../helpers/raw-client.ts'

const config = (watch: boolean, ...realms: string[]) => ({
  version: 1,
  realms: realms.map(name => ({ name, roles: [] })),
  reload: { watch },
})

describe('a router that watches its configuration', () => {
  let folder: ConfigFolder
  let router: Router
  let lines: { level: string; text: string; facts: object }[]

  beforeEach(() => {
    folder = new ConfigFolder()
    lines = []
    const note = (level: string) => (facts: object, text: string) =>
      lines.push({ level, text, facts })
    const logger = {
      error: note('error'),
      warn: note('warn'),
      info: note('info'),
    } as unknown as Log
    const file = folder.write('wampd.yaml', config(true, 'realm1'))
    router = createRouter({ file, logger })
  })
  afterEach(async () => {
    await router.close()
    folder.remove()
  })

  const names = () =>
    router
      .status()
      .realms.map(({ name }) => name)
      .join()

  it('takes up a change by itself, and says what it was', async () => {
    folder.replace('wampd.yaml', config(true, 'realm1', 'realm2'))
    await eventually('reload', () => names() === 'realm1,realm2')
    expect(lines).deep.equal([
      {
        level: 'info',
        text: 'configuration reloaded',
        facts: { changes: ['realms[realm2]: nothing -> {…}'] },
      },
    ])
  })

  it('says once what is wrong with a broken file, and goes on with what it has', async () => {
    folder.write('wampd.yaml', 'version: 1\nrealms: {')
    await eventually('a line', () => lines.length > 0)
    folder.write('other.txt', 'something happens')
    await pause(300)
    expect(lines).length(1)
    expect(lines[0]).property('level', 'error')
    expect(JSON.stringify(lines[0]?.facts)).contain('wampd.yaml:2:')
    expect(names()).equal('realm1')
    folder.write('wampd.yaml', config(true, 'realm3'))
    await eventually('reload', () => names() === 'realm3')
  })

  it('begins and ends as the configuration says', async () => {
    folder.write('wampd.yaml', config(false, 'realm2'))
    await eventually('reload', () => names() === 'realm2')
    folder.write('wampd.yaml', config(true, 'realm3'))
    await pause(300)
    expect(names()).equal('realm2')
    router.reload()
    folder.write('wampd.yaml', config(true, 'realm4'))
    await eventually('reload', () => names() === 'realm4')
  })

  it('watches no more once it is closed', async () => {
    await router.close()
    folder.write('wampd.yaml', 'broken: [')
    await pause(300)
    expect(lines).deep.equal([])
  })
})
