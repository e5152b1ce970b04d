import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import { shipped } from '../src/config/shipped.ts'
import { TRANSPORTS } from './helpers/transports.ts'

const CLI = fileURLToPath(new URL('../src/cli.js', import.meta.url))

/** A started wampd, or one that has failed to start. */
interface Run {
  process: ChildProcess
  out: string
  err: string
  /** The exit code, once the process has ended. */
  exited: Promise<number | null>
}

describe('the command line', function () {
  this.timeout(30000)
  const folder = mkdtempSync(join(tmpdir(), 'wampd-cli-'))
  const running: Run[] = []
  let server: Server | undefined

  afterEach(async () => {
    for (const run of running.splice(0)) {
      run.process.kill('SIGKILL')
      await run.exited
    }
    if (server !== undefined) await new Promise(resolve => server?.close(resolve))
    server = undefined
  })
  after(() => rmSync(folder, { recursive: true }))

  function run(...args: string[]): Run {
    return runIn({}, ...args)
  }

  function runIn(env: Record<string, string>, ...args: string[]): Run {
    const child = spawn(process.execPath, [CLI, ...args], {
      env: { PATH: process.env.PATH, ...env },
    })
    const exited = new Promise<number | null>(resolve => child.on('close', resolve))
    const started: Run = { process: child, out: '', err: '', exited }
    child.stdout.setEncoding('utf8').on('data', text => {
      started.out += text
    })
    child.stderr.setEncoding('utf8').on('data', text => {
      started.err += text
    })
    running.push(started)
    return started
  }

  /** Starts wampd and gives the URL that it prints. */
  async function listening(started: Run): Promise<string> {
    const deadline = Date.now() + 20000
    for (;;) {
      const url = /listens on (wss?:\S+)/.exec(started.out)?.[1]
      // The banner is written in one piece; its last line means that all of it is here.
      if (url !== undefined && started.out.includes('run([')) return url
      if (started.process.exitCode !== null || Date.now() > deadline) {
        throw new Error(`wampd did not start: ${started.out}${started.err}`)
      }
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  /** Ends wampd and gives what it wrote on standard error, without the prefix. */
  async function failure(started: Run, code: number): Promise<string[]> {
    expect(await started.exited, started.err).to.equal(code)
    expect(started.out).to.equal('')
    const lines = started.err.trimEnd().split('\n')
    for (const line of lines) expect(line).to.match(/^wampd: /)
    return lines.map(line => line.slice(7))
  }

  function configFile(name: string, text: string): string {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }

  describe('says what is wrong', () => {
    it('with a flag, and names the nearest', async () => {
      expect(await failure(run('--prot', '1'), 2)).to.deep.equal([
        "unknown option '--prot' (Did you mean --port?)",
      ])
    })

    it('with a value', async () => {
      const [port] = await failure(run('--port', '65536'), 2)
      expect(port).to.match(/'65536' is invalid.*whole number from 0 to 65535/)
      const [level] = await failure(run('--log-level', 'loud'), 2)
      expect(level).to.match(/'loud' is invalid.*silent, error, warn, info, debug/)
      const [realm] = await failure(run('--realm', 'a b'), 2)
      expect(realm).to.match(/'a b' is invalid/)
      const [environment] = await failure(runIn({ PORT: 'x' }), 2)
      expect(environment).to.match(/PORT.*invalid/)
    })

    it('with options together', async () => {
      expect((await failure(run('--tls-cert', 'c.pem'), 2))[0]).to.contain('--tls-key')
      expect((await failure(run('--realm', 'a', '--config', 'b'), 2))[0]).to.contain(
        'cannot be used',
      )
      expect((await failure(run('start'), 2))[0]).to.contain('too many arguments')
    })

    it('with a configuration, line by line', async () => {
      const file = configFile('bad.yaml', 'version: 1\nrealm: []\nrealms: 7\n')
      expect(await failure(run('--config', file), 2)).to.deep.equal([
        `${file}:2:1: realm: unknown key; did you mean "realms"?`,
        `${file}:3:9: realms: expected a list, found 7`,
      ])
      const missing = join(folder, 'missing.yaml')
      expect(await failure(run('--config', missing), 2)).to.deep.equal([`${missing}: no such file`])
    })

    for (const transport of TRANSPORTS) {
      it(`with the port, on ${transport}`, async () => {
        const taken = createServer().listen(0, '127.0.0.1')
        server = taken
        await new Promise(resolve => taken.once('listening', resolve))
        const { port } = taken.address() as { port: number }
        const flags = ['--port', String(port), '--transport', transport, '--log-level', 'silent']
        expect(await failure(run(...flags), 1)).to.deep.equal([
          `cannot listen on 127.0.0.1:${port}: the port is in use`,
        ])
      })
    }

    it('with a certificate', async () => {
      const files = ['--tls-cert', 'none.pem', '--tls-key', 'none.pem']
      const flags = ['--port', '0', '--log-level', 'error', ...files]
      const [line] = await failure(run(...flags), 1)
      expect(line).to.contain('none.pem')
    })
  })

  it('prints its version and its help', async () => {
    const version = run('--version')
    expect(await version.exited).to.equal(0)
    const manifest = JSON.parse(readFileSync(shipped('package.json'), 'utf8'))
    expect(version.out).to.equal(`${manifest.version}\n`)
    const help = run('--help')
    expect(await help.exited).to.equal(0)
    for (const word of ['--port <n>', '--config', '--final', 'Examples:']) {
      expect(help.out).to.contain(word)
    }
  })

  describe('starts', () => {
    it('for development: realm1 and any other realm, on /ws and on /', async () => {
      const started = run('--port', '0')
      const url = await listening(started)
      expect(url).to.match(/^ws:\/\/127\.0\.0\.1:\d+\/ws$/)
      expect(started.out).to.contain('realms: realm1, any other')
      expect(started.out).to.contain('Development')
      expect(started.out).to.not.contain('\x1b')
      expect(started.out.split('\n').length).to.be.lessThan(24)
      for (const [at, realm] of [
        [url, 'realm1'],
        [url.replace(/ws$/, ''), 'com.example.new'],
      ] as const) {
        const client = await hello(at, realm)
        expect(client.answer[0], JSON.stringify(client.answer)).to.equal(2)
        client.socket.terminate()
      }
    })

    it('with the realms that are named, and no others', async () => {
      const started = run('--port', '0', '--realm', 'com.a', 'com.b', '--transport', 'ws')
      const url = await listening(started)
      expect(started.out).to.contain('realms: com.a, com.b\n')
      expect(await answerTo(url, 'com.b')).to.equal(2)
      expect(await answerTo(url, 'realm1')).to.equal('wamp.error.no_such_realm')
    })

    it('with a file: its realms only, on /ws only, without the warning', async () => {
      const role = '{name: anonymous, permissions: []}'
      const realms = `[{name: com.example.app, roles: [${role}]}]`
      const file = configFile('app.yaml', `version: 1\nrealms: ${realms}\n`)
      const started = run('--port', '0', '--config', file)
      const url = await listening(started)
      expect(started.out).to.contain('realms: com.example.app\n')
      expect(started.out).to.not.match(/Development|DANGER/)
      expect(await answerTo(url, 'com.example.app')).to.equal(2)
      expect(await answerTo(url, 'realm1')).to.equal('wamp.error.no_such_realm')
      const refused = await hello(url.replace(/ws$/, ''), 'com.example.app').catch(String)
      expect(refused).to.contain('404')
    })

    it('on the port that PORT names, and warns loudly off loopback', async () => {
      const started = runIn({ PORT: '0' }, '--host', '0.0.0.0')
      expect(await listening(started)).to.not.contain(':8080')
      expect(started.out).to.contain('DANGER: open to the network')
    })

    it('says which realms nobody can join', async () => {
      const file = configFile('closed.yaml', 'version: 1\nrealms: [{name: a, roles: []}]\n')
      const started = run('--port', '0', '--config', file)
      await listening(started)
      expect(started.out).to.contain('a (nobody can join: it has no role anonymous)')
    })

    it('with a snippet that runs as printed', async () => {
      const started = run('--port', '0')
      await listening(started)
      const snippet = /^ {2}import autobahn[\s\S]*?^ {2}connection\.open\(\)$/m.exec(
        started.out,
      )?.[0]
      const code = `${snippet}\nsetTimeout(() => connection.close(), 3000).unref()`
      const arguments_ = ['--input-type=module', '-e', code]
      const client = spawn(process.execPath, arguments_, {
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
  })

  describe('stops', () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      it(`on ${signal}, and clients may come back`, async () => {
        const started = run('--port', '0')
        const client = await hello(await listening(started), 'realm1')
        started.process.kill(signal)
        expect(await client.closed).to.equal(1012)
        expect(await started.exited).to.equal(0)
      })
    }

    it('for good with --final', async () => {
      const started = run('--port', '0', '--final', '--grace', '3000')
      const client = await hello(await listening(started), 'realm1')
      const goodbye = client.next()
      started.process.kill('SIGTERM')
      const [code, , reason] = await goodbye
      expect([code, reason]).to.deep.equal([6, 'wamp.close.system_shutdown'])
      client.socket.send(JSON.stringify([6, {}, 'wamp.close.goodbye_and_out']))
      await client.closed
      expect(await started.exited).to.equal(0)
    })

    // Only `ws` waits for the client's half of the closing handshake, which a paused one never sends.
    const flags = ['--port', '0', '--transport', 'ws', '--grace']

    it('at the end of the grace time, whatever clients do', async () => {
      const started = run(...flags, '700')
      const client = await hello(await listening(started), 'realm1')
      client.socket.pause()
      const from = Date.now()
      started.process.kill('SIGTERM')
      const code = await started.exited
      client.socket.terminate()
      expect(code).to.equal(0)
      expect(Date.now() - from).to.be.within(650, 5000)
    })

    it('at once on the second signal', async () => {
      const started = run(...flags, '20000')
      const client = await hello(await listening(started), 'realm1')
      client.socket.pause()
      started.process.kill('SIGTERM')
      while (!started.err.includes('SIGTERM')) await new Promise(resolve => setTimeout(resolve, 20))
      started.process.kill('SIGINT')
      const code = await started.exited
      client.socket.terminate()
      expect(code).to.equal(130)
    })
  })
})

interface Client {
  socket: WebSocket
  /** The router's answer to HELLO. */
  answer: unknown[]
  next(): Promise<unknown[]>
  /** The close code. */
  closed: Promise<number>
}

async function hello(url: string, realm: string): Promise<Client> {
  const socket = new WebSocket(url, 'wamp.2.json')
  const closed = new Promise<number>(resolve => socket.on('close', resolve))
  const next = () =>
    new Promise<unknown[]>((resolve, reject) => {
      socket.once('message', data => resolve(JSON.parse(String(data))))
      socket.once('error', reject)
    })
  socket.on('open', () => {
    const roles = { publisher: {}, subscriber: {}, caller: {}, callee: {} }
    socket.send(JSON.stringify([1, realm, { roles }]))
  })
  return { socket, answer: await next(), next, closed }
}

/** 2 for WELCOME, else the reason of the refusal. */
async function answerTo(url: string, realm: string): Promise<unknown> {
  const { socket, answer } = await hello(url, realm)
  socket.terminate()
  return answer[0] === 2 ? 2 : answer[2]
}
