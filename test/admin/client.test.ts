import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { ApiError, apiAt } from '../../src/admin/client.ts'
import type { Place } from '../../src/control/place.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { controlled } from '../helpers/controlled.ts'

const messageOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('it went well'),
    (error: Error) => `${error.name}: ${error.message}`,
  )

const KINDS: [string, (router: Router) => Promise<{ place: Place; close(): Promise<void> }>][] = [
  [
    'the control socket',
    async router => {
      const folder = mkdtempSync(join(tmpdir(), 'wampd-client-'))
      const socket = await controlled(router, join(folder, 's'))
      const close = async () => {
        await socket.close()
        rmSync(folder, { recursive: true, force: true })
      }
      return { place: { socket: socket.path }, close }
    },
  ],
  [
    'the admin endpoint',
    async router => {
      const { url, link } = await router.serveAdmin({ port: 0 })
      const token = { text: link.slice(link.indexOf('#') + 1), from: 'a test' }
      return { place: { url, token }, close: async () => {} }
    },
  ],
]

for (const [kind, serve] of KINDS) {
  describe(`a client of the API, by ${kind}`, () => {
    let router: Router
    let place: Place
    let close: () => Promise<void>

    beforeEach(async () => {
      router = createRouter({ development: true })
      const served = await serve(router)
      place = served.place
      close = served.close
    })
    afterEach(async () => {
      await close()
      await router.close()
    })

    it('gets and posts, in realms of any name', async () => {
      const realm = 'a/b?c#d%é'
      const session = router.session(realm, { authid: 'ann' })
      const api = apiAt(place)
      const list = await api.get<{ rows: { session: number; authid: string }[] }>(
        ['realms', realm, 'sessions'],
        { search: 'ANN', limit: 1, offset: undefined },
      )
      expect(list.rows.map(row => [row.session, row.authid])).deep.equal([[session.id, 'ann']])
      await api.post(['realms', realm, 'sessions', session.id, 'kill'], { reason: 'a.reason' })
      expect(await session.closed).equal('a.reason')
    })

    it('gives the words of the router where it refuses', async () => {
      const api = apiAt(place)
      const error = await api
        .get(['realms', 'none.such', 'sessions'])
        .catch((error: ApiError) => error)
      if (!(error instanceof ApiError)) expect.fail('it went well')
      expect([error.message, error.status, error.uri]).deep.equal([
        'there is no realm none.such',
        404,
        'wamp.error.no_such_realm',
      ])
      expect(await messageOf(api.get(['slow'], { limit: 0 }))).match(/^ApiError: limit /)
      expect(await messageOf(api.get(['nowhere']))).equal('ApiError: nothing is at /nowhere')
    })

    it('says that a router is gone', async () => {
      await close()
      await router.close()
      const reason =
        'socket' in place
          ? `${place.socket}: nothing runs there`
          : `${place.url}: nothing listens there`
      const text = `ControlError: no answer from a router at ${reason}`
      expect(await messageOf(apiAt(place).get(['overview']))).equal(text)
      expect(await messageOf(apiAt(place).stream(['trace']).next())).equal(text)
    })
  })
}

describe('a client of the API', () => {
  let server: Server
  let url: string

  async function serve(listener: RequestListener): Promise<void> {
    server = createServer(listener).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }
  afterEach(
    () =>
      new Promise(resolve => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  )

  it('says which token is not taken, or that one is needed', async () => {
    await serve(() => {})
    const router = createRouter({ development: true })
    const admin = await router.serveAdmin({ port: 0 })
    const wrong = { url: admin.url, token: { text: 'no-such-token', from: 'the.file' } }
    expect(await messageOf(apiAt(wrong).get(['overview']))).equal(
      `ApiError: ${admin.url} does not take the token of the.file`,
    )
    expect(await messageOf(apiAt({ url: admin.url }).get(['overview']))).equal(
      `ApiError: ${admin.url} asks for a token: give --token-file FILE, or set WAMPD_ADMIN_TOKEN`,
    )
    await router.close()
  })

  it('keeps the path of a URL before its own', async () => {
    await serve(({ url }, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(url))
    })
    for (const base of [`${url}router/one`, `${url}router/one/`]) {
      expect(await apiAt({ url: base }).get(['a b'], { c: '&', d: 1 })).equal(
        '/router/one/api/a%20b?c=%26&d=1',
      )
    }
  })

  it('says what answers that is no router', async () => {
    await serve(({ url }, response) => {
      const isMoved = url === '/api/moved'
      response.writeHead(isMoved ? 302 : 200, { 'content-type': 'text/html', location: '/login' })
      response.end('<html>')
    })
    const none = `ApiError: there is no API of a router at ${url}`
    expect(await messageOf(apiAt({ url }).get(['overview']))).equal(`${none}: it answers 200 OK`)
    expect(await messageOf(apiAt({ url }).get(['moved']))).equal(`${none}: it answers 302 Found`)
    const tls = { url: url.replace('http:', 'https:') }
    expect(await messageOf(apiAt(tls).get(['overview']))).match(/does not speak TLS/)
  })

  it('keeps what others say from commanding the terminal', async () => {
    await serve((_, response) => {
      response.writeHead(400, { 'content-type': 'application/problem+json' })
      response.end(JSON.stringify({ title: 'x', detail: 'one\ntwo\x1b[2J\x9b3J' }))
    })
    expect(await messageOf(apiAt({ url }).get(['x']))).equal('ApiError: one\ntwo\ufffd[2J\ufffd3J')
  })

  describe('of a stream', () => {
    const lines = (count: number, end: boolean): RequestListener => {
      return (_, response) => {
        response.writeHead(200, { 'content-type': 'application/x-ndjson' })
        for (let i = 0; i < count; i++) response.write(`${JSON.stringify({ i, é: '€' })}\n`)
        if (end) response.end()
      }
    }

    it('gives the lines until it ends', async () => {
      await serve(lines(1000, true))
      const seen: unknown[] = []
      for await (const line of apiAt({ url }).stream(['x'])) seen.push(line)
      expect(seen).length(1000)
      expect(seen[999]).deep.equal({ i: 999, é: '€' })
    })

    it('ends when it is aborted, at once and without an error', async () => {
      await serve(lines(3, false))
      const leave = new AbortController()
      let count = 0
      for await (const _ of apiAt({ url }).stream(['x'], {}, leave.signal)) {
        if (++count === 3) setImmediate(() => leave.abort())
      }
      expect(count).equal(3)
      for await (const _ of apiAt({ url }).stream(['x'], {}, leave.signal)) expect.fail()
    })

    it('is left by leaving the loop', async () => {
      const left = new Promise(resolve => {
        void serve((request, response) => {
          response.on('close', resolve)
          lines(3, false)(request, response)
        })
      })
      await new Promise(resolve => setImmediate(resolve))
      for await (const _ of apiAt({ url }).stream(['x'])) break
      await left
    })

    it('says that the router ended', async () => {
      await serve((_, response) => {
        response.writeHead(200, { 'content-type': 'application/x-ndjson' })
        response.write('{}\n', () => response.destroy())
      })
      const stream = apiAt({ url }).stream(['x'])
      await stream.next()
      expect(await messageOf(stream.next())).match(/it ended before it had answered$/)
    })
  })
})
