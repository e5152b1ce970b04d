import { renameSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { TRANSPORTS } from '../helpers/transports.ts'
import { answerTo, failureOf, hello, OPEN, type Run, until, urlOf, Wampd } from './wampd.ts'

describe('command line: start', function () {
  this.timeout(30000)
  const wampd = new Wampd()

  /** The texts of a log in JSON. */
  const texts = ({ err }: Run) =>
    err
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line).msg)

  it('opens the realms of a file, and no others, on its path only, without a warning', async () => {
    const started = wampd.run('start', '-c', wampd.file('app.yaml', OPEN))
    const url = await urlOf(started)
    expect(started.out.split('\n').slice(1)).to.deep.equal([
      'realms: a',
      `control: ${wampd.folder}/wampd.sock`,
      '',
    ])
    expect(started.err).to.equal('')
    expect(await answerTo(url, 'a')).to.equal(2)
    expect(await answerTo(url, 'realm1')).to.equal('wamp.error.no_such_realm')
    const refused = await hello(url.replace(/ws$/, ''), 'a').catch(String)
    expect(refused).to.contain('404')
  })

  it('takes the usual file of the folder, else says how to write one', async () => {
    const [line] = await wampd.failure(2, 'start')
    expect(line).to.match(/no wampd\.yaml, wampd\.yml, wampd\.json here.*wampd init/)
    const file = wampd.file('wampd.yml', OPEN)
    const started = wampd.run('start')
    await urlOf(started)
    renameSync(file, join(wampd.folder, 'old.yml'))
  })

  it('has flags that go over the file', async () => {
    const file = wampd.file('over.yaml', `${OPEN}log: { level: error }\n`)
    const flags = ['--host', '127.0.0.2', '--port', '0', '--transport', 'ws', '--log-level', 'info']
    const started = wampd.run('start', '-c', file, ...flags)
    const url = await urlOf(started)
    expect(url).to.match(/^ws:\/\/127\.0\.0\.2:/)
    expect(started.out).to.contain('(ws)')
    // They stay so after a reload.
    started.process.kill('SIGHUP')
    await until(started, () => started.err.includes('reloaded'))
    expect(await answerTo(url, 'a')).to.equal(2)
    await until(started, () => texts(started).includes('join'))
    expect(started.err).to.contain('"changes":[]')
  })

  it('does not guess which transport --port is for', async () => {
    const two = OPEN.replace(/\[\{ id: main(.*)\]\n/, '[{ id: one$1, { id: two$1]\n')
    const [line] = await wampd.failure(2, 'start', '-c', wampd.file('two.yaml', two), '--port', '1')
    expect(line).to.match(/two\.yaml:6:13: transports: --host and --port .* there are 2$/)
  })

  it('says what to add to a file without transports', async () => {
    const file = wampd.file('none.yaml', 'version: 1\nrealms: []\n')
    const [line, ...example] = await wampd.failure(2, 'start', '-c', file)
    expect(line).to.contain('there are no transports')
    expect(example.join('\n')).to.contain('transports: [{ type: websocket')
  })

  it('says what is wrong with a configuration, line by line', async () => {
    const file = wampd.file('bad.yaml', 'version: 1\nrealm: []\nrealms: 7\n')
    expect(await wampd.failure(2, 'start', '--config', file)).to.deep.equal([
      `${file}:2:1: realm: unknown key; did you mean "realms"?`,
      `${file}:3:9: realms: expected a list, found 7`,
    ])
    const missing = join(wampd.folder, 'missing.yaml')
    expect(await wampd.failure(2, 'start', '--config', missing)).to.deep.equal([
      `${missing}: no such file`,
    ])
  })

  it('says what is wrong with a certificate', async () => {
    const tls = OPEN.replace('auth: [', 'tls: { certificate: no.pem, key: no.pem }, auth: [')
    const [line] = await wampd.failure(2, 'start', '-c', wampd.file('tls.yaml', tls))
    expect(line).to.match(/tls\.yaml:6:86: transports\[0\]\.tls/)
  })

  for (const transport of TRANSPORTS) {
    it(`says that a port is in use, on ${transport}`, async () => {
      const taken = createServer().listen(0, '127.0.0.1')
      await new Promise(resolve => taken.once('listening', resolve))
      const { port } = taken.address() as { port: number }
      const file = wampd.file('taken.yaml', OPEN.replace('port: 0', `port: ${port}`))
      expect(await wampd.failure(1, 'start', '-c', file, '--transport', transport)).to.deep.equal([
        `cannot listen on 127.0.0.1:${port}: the port is in use`,
      ])
      await new Promise(resolve => taken.close(resolve))
    })
  }

  it('says which realms nobody can join', async () => {
    const text = OPEN.replace('realms:\n', 'realms:\n  - { name: b, roles: [] }\n')
    const started = wampd.run('start', '-c', wampd.file('closed.yaml', text))
    await urlOf(started)
    expect(started.out).to.contain('realms: b (nobody can join: nobody gets one of its roles), a\n')
  })

  it('runs on without control where that is off, or another router has the socket', async () => {
    const off = wampd.file('off.yaml', `${OPEN}control: { enabled: false }\n`)
    const first = wampd.run('start', '-c', off)
    await urlOf(first)
    expect(first.out).to.not.contain('control')
    await wampd.failure(1, 'status')

    const file = wampd.file('on.yaml', OPEN)
    await urlOf(wampd.run('start', '-c', file))
    const third = wampd.run('start', '-c', file)
    await urlOf(third)
    expect(third.out).to.not.contain('control')
    expect(texts(third)).to.deep.equal([
      `it runs without control: another router is controlled by ${wampd.folder}/wampd.sock`,
    ])
  })

  describe('on SIGHUP', () => {
    it('takes up what has changed, and logs it', async () => {
      const file = wampd.file('hup.yaml', OPEN)
      const started = wampd.run('start', '-c', file)
      const url = await urlOf(started)
      const client = await hello(url, 'a')
      const goodbye = client.next()
      wampd.file('hup.yaml', `${OPEN.replace('name: a', 'name: b')}log: { level: debug }\n`)
      started.process.kill('SIGHUP')
      await until(started, () => started.err.includes('log.level'))
      const line = started.err.split('\n').find(text => text.includes('changes'))
      const { msg, changes } = JSON.parse(line as string)
      expect(msg).to.equal('configuration reloaded')
      expect(changes).to.deep.equal([
        'realms[a]: {…} -> nothing',
        'realms[b]: nothing -> {…}',
        'log.level: info -> debug',
      ])
      expect((await goodbye)[2]).to.equal('wamp.close.close_realm')
      client.socket.terminate()
      expect(await answerTo(url, 'b')).to.equal(2)
    })

    it('changes nothing for a broken file, and says why', async () => {
      const file = wampd.file('hup.yaml', OPEN)
      const started = wampd.run('start', '-c', file)
      const url = await urlOf(started)
      wampd.file('hup.yaml', `${OPEN}logs: 1\n`)
      started.process.kill('SIGHUP')
      await until(started, () => started.err.includes('logs'))
      const { msg, problems } = JSON.parse(started.err)
      expect(msg).to.equal('the changed configuration cannot be used; nothing changes')
      expect(problems).to.deep.equal([`${file}:7:1: logs: unknown key; did you mean "log"?`])
      expect(await answerTo(url, 'a')).to.equal(2)
    })
  })

  it('never shows a secret', async () => {
    const secret = (user: string) =>
      `authenticators: { users: { ticket: { principals: { joe: { ticket: "\${${user}}", role: guest } } } } }`
    const text = (user: string) =>
      OPEN.replace(/authenticators.*/, secret(user)).replace('[guests]', '[users]')
    const env = { ONE: 'hunter-one', TWO: 'hunter-two' }
    const file = wampd.file('secret.yaml', text('ONE'))
    const started = wampd.runWith(env, 'start', '-c', file, '--log-level', 'debug')
    await urlOf(started)
    wampd.file('secret.yaml', text('TWO'))
    const verbs = [['reload'], ['status', '--json'], ['check', file], ['check', file, '--json']]
    let seen = ''
    for (const verb of verbs) {
      const run = wampd.runWith(env, ...verb)
      expect(await run.exited, run.err).to.equal(0)
      seen += run.out + run.err
    }
    wampd.file('secret.yaml', text('TWO').replace('role: guest } }', 'role: none } }'))
    seen += (await failureOf(wampd.runWith(env, 'start', '-c', file), 2)).join()
    expect(seen + started.out + started.err)
      .to.contain('joe.ticket: (secret) -> (secret)')
      .and.not.contain('hunter')
  })
})
