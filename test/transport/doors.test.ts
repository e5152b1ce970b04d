import { readFileSync } from 'node:fs'
import { connect as connectTls } from 'node:tls'
import { expect } from 'chai'
import type { ListenOptions } from '../../src/doors.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { errorLog } from '../helpers/error-log.ts'
import { hangUp, hello, pause, within } from '../helpers/raw-client.ts'
import { handshake, RawSocket } from '../helpers/raw-socket.ts'
import { RawSocketPeer, rawHandshake } from '../helpers/rawsocket-client.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

const certificate = 'test/fixtures/localhost.crt'
const tls = { certificate, key: 'test/fixtures/localhost.key' }

const DOORS: Record<string, ListenOptions> = {
  ...Object.fromEntries(TRANSPORTS.map(transport => [transport, { transport }])),
  'ws with RawSocket': { rawsocket: true },
  RawSocket: { type: 'rawsocket' },
}
const BOTH = Object.entries(DOORS).flatMap(([name, options]) => [
  { name, options, isTls: false },
  { name: `${name} over TLS`, options: { ...options, tls }, isTls: true },
])

const WRONG: Record<string, Buffer> = {
  'a byte of nothing': Buffer.from([0]),
  'random bytes': Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251)),
  'a TLS hello': Buffer.from(`1603010200010001fc0303${'ab'.repeat(400)}`, 'hex'),
  'a TLS alert': Buffer.from('15030100020228', 'hex'),
  'an SSH greeting': Buffer.from('SSH-2.0-OpenSSH_9.6\r\n'),
  'a PROXY header that nobody asked for': Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n'),
  'a request line without end': Buffer.from(`GET /${'a'.repeat(100_000)}`),
  'a header without end': Buffer.from(`GET / HTTP/1.1\r\nX: ${'y'.repeat(100_000)}`),
  'a wrong upgrade': Buffer.from(handshake({ Upgrade: 'wamp', 'Sec-WebSocket-Key': null })),
}

for (const { name, options, isTls } of BOTH) {
  describe(`the door ${name}`, () => {
    const log = errorLog()
    let router: Router
    let port: number
    before(async () => {
      router = createRouter({ development: true, logger: log })
      port = (await router.listen({ port: 0, handshakeTimeout: 1000, ...options })).port
    })
    after(() => router.close({ grace: 0 }))
    afterEach(() => {
      hangUp()
      expect(log.errors).deep.equal([])
    })

    /** A sound client still gets a session. */
    async function isServing(): Promise<void> {
      const isRaw = options.type === 'rawsocket'
      const socket = isTls
        ? await new Promise<ReturnType<typeof connectTls>>(resolve => {
            const ca = readFileSync(certificate)
            const one = connectTls({ port, host: '127.0.0.1', ca }, () => resolve(one))
          })
        : port
      const peer = isRaw ? new RawSocketPeer(socket) : new RawSocket(socket)
      peer.write(isRaw ? rawHandshake() : handshake())
      if (peer instanceof RawSocketPeer) await peer.bytes(4)
      else await peer.answer()
      expect((await peer.ask(hello()))?.[0]).equal(2)
      await peer.close()
    }

    // All at once: uWebSockets.js takes ten seconds to close what it waits for.
    it('closes on whatever is wrong, in bounded time', async function () {
      this.timeout(30_000)
      const closed = Object.entries(WRONG).map(([what, bytes]) => {
        const socket = new RawSocket(port)
        socket.write(bytes)
        return within(15_000, `end on ${what}`, socket.gone)
      })
      await Promise.all([...closed, within(15_000, 'end on nothing', new RawSocket(port).gone)])
      await isServing()
    })

    it('forgets those that vanish', async function () {
      this.timeout(30_000)
      for (let i = 0; i < 20; i++) {
        const socket = new RawSocket(port)
        if (i % 3 === 0) socket.write(Buffer.from([0x7f]))
        if (i % 3 === 1) socket.write('GET /ws HT')
        await pause(2)
        if (i % 2) socket.reset()
        else socket.socket.end()
        await within(15_000, 'end', socket.gone)
      }
      await isServing()
    })
  })
}
