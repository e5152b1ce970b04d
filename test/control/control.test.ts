import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { ConfigError } from '../../src/config/problem.ts'
import { ask } from '../../src/control/client.ts'
import { defaultPath } from '../../src/control/path.ts'
import { type ControlSocket, serveControl } from '../../src/control/serve.ts'
import type { Controlled } from '../../src/control/verbs.ts'
import { errorLog } from '../helpers/error-log.ts'
import { FakeClock } from '../helpers/fake-clock.ts'

describe('control', () => {
  let folder: string
  let path: string
  const sockets: ControlSocket[] = []
  const clock = new FakeClock()

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wampd-control-'))
    path = join(folder, 's')
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) await socket.close()
    rmSync(folder, { recursive: true })
  })

  /** Serves a router of which the test gives what it needs. */
  async function serve(router: Partial<Controlled> = {}, log = errorLog()): Promise<typeof log> {
    const none = () => {
      throw new Error('not asked for')
    }
    const whole = { status: none, reload: none, drain: none, close: none, ...router }
    sockets.push(await serveControl(whole, path, { log, clock }))
    return log
  }

  async function all(verb: string, final?: boolean): Promise<unknown[]> {
    const answers: unknown[] = []
    const ending = final === undefined ? undefined : { final }
    for await (const answer of ask(path, verb, ending)) answers.push(answer)
    return answers
  }

  const messageOf = (promise: Promise<unknown>) =>
    promise.then(
      () => expect.fail('it went well'),
      (error: Error) => `${error.name}: ${error.message}`,
    )

  describe('verbs', () => {
    it('status gives what the router says of itself', async () => {
      const status = { state: 'running', realms: [{ name: 'a', sessions: 3 }] }
      await serve({ status: () => status })
      expect(await all('status')).to.deep.equal([status])
    })

    it('reload gives the changes', async () => {
      const change = {
        path: 'log.level',
        before: 'info',
        after: undefined,
        reload: 'live',
      } as const
      await serve({ reload: () => [change] })
      const { after, ...rest } = change
      expect(await all('reload')).to.deep.equal([{ changes: [rest] }])
    })

    it('reload of a broken file gives the problems, in the words of the configuration', async () => {
      const log = await serve({
        reload() {
          throw new ConfigError([
            { file: 'f', line: 1, column: 2, path: 'a', text: 'one' },
            { file: 'f', path: '', text: 'two' },
          ])
        },
      })
      expect(await messageOf(all('reload'))).to.equal('ControlError: f:1:2: a: one\nf: two')
      expect(log.errors).to.deep.equal([])
    })

    for (const [verb, method] of [
      ['drain', 'drain'],
      ['stop', 'close'],
    ] as const) {
      it(`${verb} tells how many sessions are left until the router is down`, async () => {
        let sessions = 5
        let asked: unknown
        let gone = () => {}
        const router = {
          status: () => ({ realms: [{ sessions }, { sessions: 1 }] }),
          [method](ending: object) {
            asked = ending
            return new Promise<void>(resolve => {
              gone = resolve
            })
          },
        }
        await serve(router)
        const seen: unknown[] = []
        for await (const progress of ask<{ sessions: number }>(path, verb, { final: true })) {
          seen.push(progress)
          if (progress.sessions === 6) {
            sessions = 2
            setImmediate(() => clock.pass(250))
          } else if (progress.sessions === 3) {
            sessions = -1
            gone()
          }
        }
        expect(asked).to.deep.equal({ final: true })
        expect(seen).to.deep.equal([
          { sessions: 6, done: false },
          { sessions: 3, done: false },
          { sessions: 0, done: true },
        ])
      })
    }

    it('go on when the client has left', async () => {
      let gone = () => {}
      const drained = new Promise<void>(resolve => {
        gone = resolve
      })
      const log = await serve({ status: () => ({ realms: [] }), drain: () => drained })
      for await (const _ of ask(path, 'drain')) break
      gone()
      await sockets[0]?.close()
      expect(log.errors).to.deep.equal([])
    })

    it('that fail in the router say so, and the log says why', async () => {
      const log = await serve({
        status: () => ({ realms: [] }),
        drain: () => Promise.reject(new Error('inside')),
      })
      expect(await messageOf(all('drain'))).to.equal(
        'ControlError: the router failed; its log says why',
      )
      expect(await messageOf(all('reload'))).to.contain('its log says why')
      expect(log.errors.join()).to.match(/drain failed.*inside[\s\S]*reload failed.*not asked for/)
    })
  })

  describe('requests', () => {
    /** The status, and the error that is told. */
    function send(method: string, at: string, body = ''): Promise<[number, string]> {
      return new Promise((resolve, reject) => {
        const sent = request({ socketPath: path, method, path: at }, response => {
          let text = ''
          response.setEncoding('utf8').on('data', chunk => {
            text += chunk
          })
          response.on('end', () => resolve([response.statusCode ?? 0, JSON.parse(text).error]))
        })
        sent.on('error', reject).end(body)
      })
    }

    const refused: [string, string, string, number, RegExp][] = [
      ['GET', '/', '', 404, /known are \/status, \/reload/],
      ['GET', '/constructor', '', 404, /known are/],
      ['GET', '/status?x', '', 404, /known are/],
      ['GET', '/drain', '', 405, /asked for with POST/],
      ['POST', '/status', '', 405, /asked for with GET/],
      ['POST', '/drain', '{', 400, /not JSON/],
      ['POST', '/drain', '[]', 400, /no JSON object/],
      ['POST', '/drain', 'null', 400, /no JSON object/],
      ['POST', '/drain', '{"finally":true}', 400, /unknown key "finally"/],
      ['POST', '/drain', '{"final":1}', 400, /true or false/],
      ['POST', '/reload', '{"final":true}', 400, /unknown key "final"/],
      ['POST', '/drain', `{"final":${' '.repeat(5000)}true}`, 413, /larger than 4096 bytes/],
    ]
    for (const [method, at, body, status, text] of refused) {
      it(`${method} ${at} ${body.slice(0, 20)} is answered ${status}`, async () => {
        const log = await serve()
        const [code, error] = await send(method, at, body)
        expect(code).to.equal(status)
        expect(error).to.match(text)
        expect(log.errors).to.deep.equal([])
      })
    }

    it('that stay unfinished are cut off', async () => {
      const log = errorLog()
      const none = {} as Controlled
      sockets.push(await serveControl(none, path, { log, clock, timeout: 50 }))
      const socket = connect(path)
      socket.write('POST /drain HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n{')
      let answer = ''
      socket.setEncoding('utf8').on('data', text => {
        answer += text
      })
      await new Promise(resolve => socket.on('close', resolve))
      expect(answer).to.match(/^HTTP\/1.1 408/)
      expect(log.errors).to.deep.equal([])
    })

    it('that are no HTTP harm nothing', async () => {
      await serve({ status: () => ({ realms: [] }) })
      const socket = connect(path)
      socket.end('\x00\x01\x02 rubbish\r\n\r\n')
      socket.resume()
      await new Promise(resolve => socket.on('close', resolve))
      expect(await all('status')).to.deep.equal([{ realms: [] }])
    })
  })

  describe('the socket', () => {
    it('is for its user alone, and so is the folder that is made for it', async () => {
      path = join(folder, 'new', 's')
      await serve()
      expect(statSync(path).mode & 0o777).to.equal(0o600)
      expect(statSync(join(folder, 'new')).mode & 0o777).to.equal(0o700)
    })

    it('is gone when it is closed', async () => {
      await serve()
      await sockets.pop()?.close()
      expect(existsSync(path)).to.equal(false)
    })

    it('replaces one that nobody answers at', async () => {
      const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
      spawnSync(process.execPath, ['-e', script, path])
      expect(statSync(path).isSocket()).to.equal(true)
      await serve({ status: () => ({ realms: [] }) })
      expect(await all('status')).to.have.length(1)
    })

    it('leaves one alone that somebody answers at', async () => {
      const other = createServer(socket => socket.destroy()).listen(path)
      await new Promise(resolve => other.once('listening', resolve))
      expect(await messageOf(serve())).to.equal(
        `ControlError: another router is controlled by ${path}`,
      )
      expect(existsSync(path)).to.equal(true)
      await new Promise(resolve => other.close(resolve))
    })

    it('leaves a file alone that is no socket', async () => {
      writeFileSync(path, 'mine')
      expect(await messageOf(serve())).to.contain('is no socket')
      expect(existsSync(path)).to.equal(true)
    })

    it('is refused in a folder that others can open', async () => {
      chmodSync(folder, 0o755)
      expect(await messageOf(serve())).to.contain(`chmod 700 ${folder}`)
    })

    it('is refused behind a link', async () => {
      mkdirSync(join(folder, 'real'), { mode: 0o700 })
      symlinkSync(join(folder, 'real'), join(folder, 'link'))
      path = join(folder, 'link', 's')
      expect(await messageOf(serve())).to.contain('is not a folder')
    })

    it("is refused in another user's folder", async () => {
      // Only root can make one; for others the root folder is one.
      if (process.getuid?.() === 0) chownSync(folder, 1, 1)
      else path = '/s'
      expect(await messageOf(serve())).to.contain('belongs to another user')
    })

    it('is refused where the folder cannot be made, or the path is too long', async () => {
      writeFileSync(path, '')
      path = join(path, 'below', 's')
      expect(await messageOf(serve())).to.match(/cannot be made: ENOTDIR/)
      path = join(folder, 'x'.repeat(100))
      expect(await messageOf(serve())).to.contain('longer than the 103 bytes')
    })

    it("is by default in the user's runtime folder, else below that for temporary files", () => {
      expect(defaultPath({ XDG_RUNTIME_DIR: '/run/user/7' })).to.equal('/run/user/7/wampd.sock')
      const own = join(tmpdir(), `wampd-${process.getuid?.()}`, 'wampd.sock')
      expect(defaultPath({})).to.equal(own)
    })
  })

  describe('a client', () => {
    it('says that nothing runs there', async () => {
      expect(await messageOf(all('status'))).to.equal(
        `ControlError: no answer from a router at ${path}: nothing runs there`,
      )
    })

    it('says that the router ended before its answer', async () => {
      const server = createServer(socket => socket.destroy()).listen(path)
      await new Promise(resolve => server.once('listening', resolve))
      expect(await messageOf(all('status'))).to.contain('ended before it had answered')
      await new Promise(resolve => server.close(resolve))
    })

    it('says so in the middle of an answer, too', async () => {
      const server = createServer(socket => {
        const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
        socket.write(`${head}1f\r\n{"sessions": 1, "done": false}\n\r\n`)
        setImmediate(() => socket.destroy())
      }).listen(path)
      await new Promise(resolve => server.once('listening', resolve))
      expect(await messageOf(all('drain'))).to.contain('ended before it had answered')
      await new Promise(resolve => server.close(resolve))
    })
  })
})
