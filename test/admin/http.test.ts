import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { expect } from 'chai'
import { WampError } from '../../src/protocol/errors.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { ask } from '../helpers/poll-client.ts'

describe('the admin endpoint, as a server of HTTP', () => {
  let router: Router
  let url: string
  let token: string

  beforeEach(async () => {
    router = createRouter({ development: true })
    const admin = await router.serveAdmin({ port: 0 })
    url = admin.url
    token = admin.link.slice(admin.link.indexOf('#') + 1)
  })
  afterEach(() => router.close())

  const asked = (method: string, path: string, body = '', headers = {}) =>
    ask(method, `${url}${path}`, body, { authorization: `Bearer ${token}`, ...headers })

  /** What comes back for bytes, until the connection ends. */
  const raw = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1')
      let answer = ''
      socket.setEncoding('latin1').on('data', chunk => {
        answer += chunk
      })
      socket.on('close', () => resolve(answer)).on('error', reject)
      socket.write(text)
    })

  it('answers HEAD as GET, without the body', async () => {
    for (const path of ['healthz', 'readyz', 'api/overview', 'api/openapi.json']) {
      const { status, body } = await asked('HEAD', path)
      expect([status, body.length], path).deep.equal([200, 0])
    }
  })

  it('names the methods that a path has', async () => {
    for (const [method, path, allow] of [
      ['PUT', 'api/overview', 'GET'],
      ['OPTIONS', 'api/reload', 'POST'],
      ['HEAD', 'api/reload', 'POST'],
      ['POST', 'api/openapi.json', 'GET'],
    ] as const) {
      const { status, headers } = await asked(method, path)
      expect([status, headers.allow], `${method} ${path}`).deep.equal([405, allow])
    }
  })

  it('has nothing below its probes, and nothing beside /api', async () => {
    for (const path of ['healthz/x', 'readyz/', 'metrics/x', 'apis', 'api', 'api/', 'api//', 'x']) {
      expect((await asked('GET', path)).status, path).equal(404)
    }
  })

  it('refuses bodies and heads that are too large, and goes on', async () => {
    const body = JSON.stringify({ procedure: 'a.b', args: ['x'.repeat(1 << 20)] })
    expect((await asked('POST', 'api/realms/realm1/call', body)).status).equal(413)
    expect(
      (await asked('GET', `api/realms/realm1/sessions?search=${'x'.repeat(300)}`)).status,
    ).equal(400)
    const long = await raw(`GET /api/slow?limit=${'1'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`)
    expect(long).match(/^HTTP\/1.1 431/)
    const coded = { 'content-encoding': 'gzip' }
    expect((await asked('POST', 'api/reload', '{}', coded)).status).not.equal(200)
    expect((await asked('GET', 'healthz')).status).equal(200)
  })

  it('reads no body of who may not come in', async () => {
    const head = `POST /api/reload HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 9\r\n\r\n`
    expect(await raw(`${head}123456789`)).match(/^HTTP\/1.1 401/)
    // What is said of the token is said without one, too.
    expect(await raw(`${head}123456789`)).contain('WWW-Authenticate: Bearer realm="wampd"')
  })

  it('takes several requests of a connection, a refused one among them', async () => {
    const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nhost: x\r\n${more}\r\n`
    const answer = await raw(
      get('/healthz') + get('/api/overview') + get('/readyz', 'connection: close\r\n'),
    )
    expect(answer.match(/HTTP\/1.1 \d+/g)).deep.equal([
      'HTTP/1.1 200',
      'HTTP/1.1 401',
      'HTTP/1.1 200',
    ])
  })

  it('answers 401 for the token alone, whatever a callee says', async () => {
    const session = router.session('realm1')
    await session.register('a.denied', () => {
      throw new WampError('wamp.error.authentication_denied', ['no'])
    })
    await session.register('a.fails', () => {
      throw new Error('oh')
    })
    const statusOf = async (procedure: string) =>
      (await asked('POST', 'api/realms/realm1/call', JSON.stringify({ procedure }))).status
    expect([await statusOf('a.denied'), await statusOf('a.fails')]).deep.equal([403, 502])
  })

  it('gives back what clients send: bytes, and numbers that JSON rounds', async () => {
    const session = router.session('realm1')
    await session.register('a.odd', () => [new Uint8Array([1, 2]), 2n ** 60n])
    const body = JSON.stringify({ procedure: 'a.odd' })
    const answer = await asked('POST', 'api/realms/realm1/call', body)
    expect(answer.body.toString()).contain('"\\u0000AQI="').and.contain('1152921504606846976')
  })

  it('cuts off requests that do not come in whole', async () => {
    const other = createRouter({ development: true })
    url = (await other.serveAdmin({ port: 0, timeout: 100 })).url
    const [, secret] = (other.adminLink ?? '').split('#')
    const authorization = `authorization: Bearer ${secret}`
    const head = 'POST /api/realms/realm1/call HTTP/1.1\r\nhost: x\r\n'
    const cut = await Promise.all([
      raw(head),
      raw(`${head}${authorization}\r\ncontent-length: 9\r\n\r\n{`),
    ])
    for (const answer of cut) expect(answer).match(/^HTTP\/1.1 408/)
    await other.close()
  })

  const hasIpv6 = Object.values(networkInterfaces())
    .flat()
    .some(one => one?.address === '::1')
  if (!hasIpv6) console.log('the admin endpoint is not tried over IPv6: there is no ::1')
  ;(hasIpv6 ? it : it.skip)('listens on IPv6, and says so in its link', async () => {
    const other = createRouter({ development: true })
    const admin = await other.serveAdmin({ host: '::1', port: 0 })
    expect(admin.url).match(/^http:\/\/\[::1\]:\d+\/$/)
    expect((await ask('GET', `${admin.url}healthz`)).status).equal(200)
    await other.close()
  })
})
