import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { TRANSPORTS } from '../helpers/transports.ts'
import { answerTo, failureOf, hello, urlOf, Wampd } from './wampd.ts'

describe('command line: dev', function () {
  this.timeout(30000)
  const wampd = new Wampd()

  it('opens realm1 and any other realm, on /ws and on /', async () => {
    const started = wampd.run('--port', '0')
    const url = await urlOf(started)
    expect(url).to.match(/^ws:\/\/127\.0\.0\.1:\d+\/ws$/)
    expect(started.out).to.contain('realms: realm1, any other')
    expect(started.out).to.contain('Development')
    expect(started.out).to.not.contain('\x1b')
    expect(started.out.split('\n').length).to.be.lessThan(24)
    expect(await answerTo(url, 'realm1')).to.equal(2)
    expect(await answerTo(url.replace(/ws$/, ''), 'com.example.new')).to.equal(2)
  })

  it('opens the realms that are named, and no others', async () => {
    const started = wampd.run(
      'dev',
      '--port',
      '0',
      '--realm',
      'com.a',
      'com.b',
      '--transport',
      'ws',
    )
    const url = await urlOf(started)
    expect(started.out).to.contain('realms: com.a, com.b\n')
    expect(started.out).to.contain('(ws)')
    expect(await answerTo(url, 'com.b')).to.equal(2)
    expect(await answerTo(url, 'realm1')).to.equal('wamp.error.no_such_realm')
  })

  it('listens on the port that PORT names, and warns loudly off loopback', async () => {
    const started = wampd.runWith({ PORT: '0' }, '--host', '0.0.0.0')
    expect(await urlOf(started)).to.not.contain(':8080')
    expect(started.out).to.contain('DANGER: open to the network')
  })

  for (const transport of TRANSPORTS) {
    it(`says that the port is in use, on ${transport}`, async () => {
      const taken = createServer().listen(0, '127.0.0.1')
      await new Promise(resolve => taken.once('listening', resolve))
      const { port } = taken.address() as { port: number }
      const flags = ['--port', String(port), '--transport', transport, '--log-level', 'silent']
      expect(await wampd.failure(1, ...flags)).to.deep.equal([
        `cannot listen on 127.0.0.1:${port}: the port is in use`,
      ])
      await new Promise(resolve => taken.close(resolve))
    })
  }

  it('can be asked for its status, and ended, but has nothing to reload', async () => {
    const started = wampd.run('--port', '0')
    await urlOf(started)
    const status = JSON.parse(await wampd.output('status', '--json'))
    expect(status.realms).to.deep.equal([
      { name: 'realm1', sessions: 0, subscriptions: 0, registrations: 0, calls: 0, refused: 0 },
    ])
    expect(await wampd.failure(1, 'reload')).to.deep.equal([
      'there is no configuration to reload: it was not started with one',
    ])
    await wampd.output('stop')
    expect(await started.exited).to.equal(0)
    expect(started.err).to.equal('')
  })

  it('says nothing of it when another router has the control socket', async () => {
    const first = wampd.run('--port', '0')
    await urlOf(first)
    const second = wampd.run('--port', '0')
    await urlOf(second)
    expect(second.err).to.equal('')
    const { pid } = JSON.parse(await wampd.output('status', '--json'))
    expect(pid).to.equal(first.process.pid)
  })

  it('goes down when its terminal is gone', async () => {
    const started = wampd.run('--port', '0')
    const client = await hello(await urlOf(started), 'realm1')
    started.process.kill('SIGHUP')
    expect(await client.closed).to.equal(1012)
    expect(await started.exited).to.equal(0)
  })

  it('prints a snippet that runs as printed', async () => {
    const started = wampd.run('--port', '0')
    await urlOf(started)
    const snippet = /^ {2}import autobahn[\s\S]*?^ {2}connection\.open\(\)$/m.exec(started.out)?.[0]
    const code = `${snippet}\nsetTimeout(() => connection.close(), 3000).unref()`
    const client = spawn(process.execPath, ['--input-type=module', '-e', code], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
    })
    const closed = new Promise(resolve => client.on('close', resolve))
    let said = ''
    for (const stream of [client.stdout, client.stderr]) {
      stream.on('data', text => {
        said += text
        if (said.includes('\n')) client.kill()
      })
    }
    await closed
    expect(said).to.equal('Hello, world!\n')
  })

  it('runs without a control socket where there is no place for one', async () => {
    wampd.file('no-folder', '')
    const env = { XDG_RUNTIME_DIR: join(wampd.folder, 'no-folder') }
    const started = wampd.runWith(env, '--port', '0')
    expect(await answerTo(await urlOf(started), 'realm1')).to.equal(2)
    const [line] = await failureOf(wampd.runWith(env, 'status'), 1)
    expect(line).to.contain('no answer from a router')
  })
})
