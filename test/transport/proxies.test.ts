import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect as connectTcp, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { expect } from 'chai'
import type { ListenOptions } from '../../src/doors.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { errorLog } from '../helpers/error-log.ts'
import { proxyV2 } from '../helpers/proxy.ts'
import { hangUp, hello, pause, within } from '../helpers/raw-client.ts'
import { handshake, http, RawSocket } from '../helpers/raw-socket.ts'
import { RawSocketPeer } from '../helpers/rawsocket-client.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

const certificate = 'test/fixtures/localhost.crt'
const TLS = { certificate, key: 'test/fixtures/localhost.key' }
const V1 = Buffer.from('PROXY TCP4 192.0.2.1 127.0.0.1 56324 443\r\n')

let router: Router
/** Called in each suite: at the top it would run after the check for what was left open. */
function closesTheRouter(): void {
  afterEach(async () => {
    hangUp()
    await router.close({ grace: 0 })
  })
}

const listen = async (options: ListenOptions) => {
  router = createRouter({ development: true, logger: errorLog() })
  return (await router.listen({ port: 0, trustedProxies: ['127.0.0.1'], ...options })).port
}

/** What the details of a session say of its transport, once a connection has one. */
async function transportOf(peer: RawSocket) {
  const welcome = await peer.ask(hello())
  const local = router.session('realm1')
  const details = await local.call('wamp.session.get', [welcome?.[1] as number])
  local.close()
  return (details as { transport: { peer: string; secure: boolean } }).transport
}

async function upgraded(socket: RawSocket, changes: Record<string, string> = {}) {
  socket.write(handshake(changes))
  expect((await socket.answer())?.status).equal(101)
  return socket
}

for (const transport of TRANSPORTS) {
  describe(`X-Forwarded-For, over ${transport}`, () => {
    closesTheRouter()
    const seen = async (headers: Record<string, string>, options: ListenOptions = {}) => {
      const port = await listen({ transport, ...options })
      return transportOf(await upgraded(new RawSocket(port), headers))
    }

    it('of a trusted proxy tells where a session comes from', async () => {
      const details = await seen({
        'X-Forwarded-For': '6.6.6.6\r\nX-Forwarded-For: 192.0.2.1',
        'X-Forwarded-Proto': 'https',
      })
      expect(details).include({ peer: '192.0.2.1', secure: true })
    })

    it('of anybody else is not believed', async () => {
      const headers = { 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Proto': 'https' }
      for (const trustedProxies of [[], ['10.0.0.0/8']]) {
        const details = await seen(headers, { trustedProxies })
        expect(details).include({ peer: '127.0.0.1', secure: false })
        await router.close({ grace: 0 })
      }
    })

    it('counts who fails to authenticate, each client by itself', async () => {
      router = createRouter({
        realms: [{ name: 'realm1', roles: [{ name: 'user', permissions: [] }] }],
        authenticators: {
          users: { ticket: { principals: { joe: { ticket: 'a secret of joe', role: 'user' } } } },
        },
      })
      const { port } = await router.listen({
        ...{ port: 0, transport, trustedProxies: ['127.0.0.1'] },
        ...{ maxFailures: 1, failureBackoff: 60_000, paths: ['/ws', '/other'] },
      })
      const outcome = async (address: string, ticket: string, path = '/ws') => {
        const socket = new RawSocket(port)
        socket.write(handshake({ 'X-Forwarded-For': address }, path))
        expect((await socket.answer())?.status).equal(101)
        const challenge = await socket.ask(
          hello('realm1', { authid: 'joe', authmethods: ['ticket'] }),
        )
        if (challenge?.[0] !== 4) return challenge?.[2]
        const answer = await socket.ask([5, ticket, {}])
        return answer?.[0] === 2 ? 'WELCOME' : answer?.[2]
      }
      for (let i = 0; i < 2; i++) await outcome('192.0.2.1', 'wrong')
      expect(await outcome('192.0.2.1', 'a secret of joe')).equal('wampd.error.too_many_attempts')
      const elsewhere = await outcome('192.0.2.1', 'a secret of joe', '/other')
      expect(elsewhere, 'at another path').equal('wampd.error.too_many_attempts')
      expect(await outcome('192.0.2.2', 'a secret of joe')).equal('WELCOME')
    })
  })
}

const KINDS: Record<string, { options: ListenOptions; isRaw: boolean; isTls: boolean }> = {
  'before HTTP': { options: {}, isRaw: false, isTls: false },
  'before HTTPS': { options: { tls: TLS }, isRaw: false, isTls: true },
  'before RawSocket': { options: { type: 'rawsocket' }, isRaw: true, isTls: false },
  'before RawSocket over TLS': {
    options: { type: 'rawsocket', tls: TLS },
    isRaw: true,
    isTls: true,
  },
  'before HTTP on a port that takes RawSocket': {
    options: { rawsocket: true },
    isRaw: false,
    isTls: false,
  },
  'before RawSocket on the port of HTTPS': {
    options: { rawsocket: true, tls: TLS },
    isRaw: true,
    isTls: true,
  },
}

for (const [name, { options, isRaw, isTls }] of Object.entries(KINDS)) {
  describe(`a PROXY header ${name}`, () => {
    closesTheRouter()
    const open = (more: ListenOptions = {}) => listen({ ...options, proxyProtocol: true, ...more })

    /** A connection through a proxy that begins with these bytes, and has a session after. */
    async function through(to: number | string, header: Buffer, isSlow = false) {
      const tcp =
        typeof to === 'string'
          ? connectTcp(to)
          : connectTcp({ port: to, host: '127.0.0.1', noDelay: true })
      for (const part of isSlow ? [...header].map(byte => Buffer.from([byte])) : [header]) {
        tcp.write(part)
        if (isSlow) await pause(1)
      }
      const socket = isTls ? await secured(tcp) : tcp
      if (!isRaw) return transportOf(await upgraded(new RawSocket(socket)))
      const peer = new RawSocketPeer(socket)
      expect((await peer.shake())?.[0]).equal(0x7f)
      return transportOf(peer)
    }

    it('tells where a session comes from, in both versions', async () => {
      const port = await open()
      expect(await through(port, V1)).include({ peer: '192.0.2.1', secure: isTls })
      expect(await through(port, proxyV2('2001:db8::1'))).include({ peer: '2001:db8::1' })
    })

    it('tells it over a unix socket, too, of each connection its own', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'wampd-proxy-'))
      const path = join(folder, 'socket')
      await open({ socket: { path }, trustedProxies: ['unix'] })
      const addresses = ['192.0.2.1', '192.0.2.2', '192.0.2.3']
      const seen = await Promise.all(addresses.map(address => through(path, proxyV2(address))))
      expect(seen.map(({ peer }) => peer)).deep.equal(addresses)
      expect(await through(path, Buffer.from('PROXY UNKNOWN\r\n'))).include({ peer: 'unix' })
      rmSync(folder, { recursive: true })
    })

    it('may come byte by byte', async () => {
      const port = await open()
      expect(await through(port, V1, true)).include({ peer: '192.0.2.1' })
      expect(await through(port, proxyV2('192.0.2.2'), true)).include({ peer: '192.0.2.2' })
    })

    it('may name nobody: then it is the proxy itself', async () => {
      const port = await open()
      for (const header of [Buffer.from('PROXY UNKNOWN\r\n'), proxyV2('1.2.3.4', { command: 0 })]) {
        expect(await through(port, header)).include({ peer: '127.0.0.1' })
      }
    })

    it('is wanted: without a sound one the connection is cut off', async () => {
      const port = await open()
      for (const bytes of [handshake(), '\x7f\xf1\0\0', 'PROXY nonsense\r\n', '\x16\x03\x01']) {
        const socket = new RawSocket(port)
        socket.write(Buffer.from(bytes, 'latin1'))
        expect(await socket.bytes(1)).equal(null)
        await within(1000, 'end', socket.gone)
      }
      expect(router.status().counters.refused_proxies).equal(4)
    })

    it('is not believed of others than trusted proxies', async () => {
      const port = await open({ trustedProxies: ['10.0.0.0/8'] })
      const socket = new RawSocket(port)
      socket.write(V1)
      await within(1000, 'end', socket.gone)
      expect(router.status().counters.refused_proxies).equal(1)
    })

    it('that does not come ends the connection', async () => {
      const port = await open({ handshakeTimeout: 50 })
      for (const part of ['', 'PROXY TCP4 ', V1.toString()]) {
        const socket = new RawSocket(port)
        if (part !== '') socket.write(part)
        await within(2000, 'end', socket.gone)
      }
    })
  })
}

describe('an application’s own server', () => {
  closesTheRouter()
  it('has trusted proxies, too', async () => {
    const { createServer } = await import('node:http')
    const server = createServer()
    router = createRouter({ development: true, logger: errorLog() })
    router.attach(server, { trustedProxies: ['127.0.0.1'] })
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as { port: number }
    const socket = await upgraded(new RawSocket(port), { 'X-Forwarded-For': '192.0.2.1' })
    expect(await transportOf(socket)).include({ peer: '192.0.2.1' })
    await router.close({ grace: 0 })
    await new Promise(done => server.close(done))
  })
})

describe('a port that is asked for what uWebSockets.js cannot do', () => {
  closesTheRouter()
  it('is on ws, or refused', async () => {
    for (const options of [{ proxyProtocol: true }, { rawsocket: true }]) {
      router = createRouter({ development: true })
      const listening = await router.listen({ port: 0, ...options })
      expect(listening.transport).equal('ws')
      expect((await http(listening.port, 'x'))?.status ?? 0).oneOf([0, 400])
      const error = await router.listen({ port: 0, transport: 'uws', ...options }).catch(e => e)
      expect(error.message).contain('use ws')
      await router.close({ grace: 0 })
    }
  })
})

function secured(tcp: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const options = { socket: tcp, ca: readFileSync(certificate), host: '127.0.0.1' }
    const socket = connectTls(options, () => resolve(socket))
    socket.once('error', reject)
  })
}
