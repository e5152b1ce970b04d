import { expect } from 'chai'
import { hello, OPEN, urlOf, Wampd } from './wampd.ts'

describe('command line: status and reload', function () {
  this.timeout(30000)
  const wampd = new Wampd()

  it('say that there is no router', async () => {
    const path = `${wampd.folder}/wampd.sock`
    for (const verb of ['status', 'reload', 'drain', 'stop']) {
      expect(await wampd.failure(1, verb)).to.deep.equal([
        `no answer from a router at ${path}: nothing runs there`,
      ])
    }
  })

  it('status shows where the router listens, and who is in it', async () => {
    const file = wampd.file('a.yaml', OPEN)
    const started = wampd.run('start', '-c', file, '--transport', 'ws')
    const url = await urlOf(started)
    const client = await hello(url, 'a')
    const lines = (await wampd.output('status')).split('\n')
    expect(lines[0]).to.match(new RegExp(`^wampd +\\S+, process ${started.process.pid}, running$`))
    expect(lines[1]).to.match(/^started +2\S+Z$/)
    expect(lines.slice(2)).to.deep.equal([
      `listens on   ${url} (ws)`,
      `file         ${file}`,
      'connections  1',
      '',
      'realm  sessions  subscriptions  registrations  refused',
      'a      1         0              0              0',
      '',
    ])
    const status = JSON.parse(await wampd.output('status', '--json'))
    expect(status).to.include({ pid: started.process.pid, state: 'running', ready: true })
    client.socket.terminate()
  })

  it('find the socket that the configuration names by --socket or WAMPD_SOCKET', async () => {
    const socket = `${wampd.folder}/other.sock`
    const file = wampd.file('a.yaml', `${OPEN}control: { path: other.sock }\n`)
    await urlOf(wampd.run('start', '-c', file))
    await wampd.failure(1, 'status')
    await wampd.output('status', '--socket', socket)
    const run = wampd.runWith({ WAMPD_SOCKET: socket }, 'status')
    expect(await run.exited).to.equal(0)
  })

  it('reload prints what has changed, and what needs a restart', async () => {
    const file = wampd.file('a.yaml', OPEN)
    await urlOf(wampd.run('start', '-c', file))
    expect(await wampd.output('reload')).to.equal('reloaded: nothing has changed\n')
    const changed = OPEN.replace('port: 0', 'port: 1').replace('call: true', 'call: false')
    wampd.file('a.yaml', `${changed}log: { level: error }\n`)
    expect(await wampd.output('reload')).to.equal(
      [
        'reloaded: 3 changes, of which 1 needs a restart',
        '  realms[a].roles[guest].permissions[prefix ].allow.call: true -> false',
        '  transports[main].endpoint.port: 0 -> 1 (needs a restart)',
        '  log.level: info -> error',
        '',
      ].join('\n'),
    )
    const { changes } = JSON.parse(await wampd.output('reload', '--json'))
    expect(changes.map(({ path }: { path: string }) => path)).to.deep.equal([
      'transports[main].endpoint.port',
    ])
  })

  it('reload says why a broken file changes nothing', async () => {
    const file = wampd.file('a.yaml', OPEN)
    await urlOf(wampd.run('start', '-c', file))
    wampd.file('a.yaml', OPEN.replace('name: a', 'nome: a'))
    expect(await wampd.failure(1, 'reload')).to.deep.equal([
      `${file}:3:5: realms[0]: the key "name" is missing`,
      `${file}:3:5: realms[0].nome: unknown key; did you mean "name"?`,
    ])
  })
})
