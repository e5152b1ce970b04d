import { expect } from 'chai'
import { createRouter, type Router } from '../../src/router.ts'
import type { EndpointOptions } from '../../src/site/entrance.ts'
import { errorLog } from '../helpers/error-log.ts'
import {
  connect,
  hangUp,
  hello,
  member,
  PROTOCOLS,
  pause,
  type RawClient,
  within,
} from '../helpers/raw-client.ts'
import {
  CLOSE,
  frame,
  handshake,
  http,
  PING,
  PONG,
  RawSocket,
  TEXT,
  upgraded,
} from '../helpers/raw-socket.ts'
import { carriesMessages, type Door } from './carriage.ts'

/** A way to reach a router by WebSocket. */
interface WebSockets {
  name: string
  /** Plain HTTP requests are the router's to answer, and not the application's. */
  ownsHttp: boolean
  open(router: Router, options: EndpointOptions): Promise<Door>
}

const LIMIT = 300_000

/** What every transport for WebSockets must do. */
export function servesWebSockets(kind: WebSockets): void {
  carriesMessages({
    ...kind,
    peer: ({ port }) => upgraded(port),
    client: ({ url }, protocol) => connect(url, protocol),
  })

  const log = errorLog()
  let router: Router
  let door: Door
  let port: number
  let url: string
  let listed: Door
  let starred: Door

  before(async () => {
    router = createRouter({ development: true, logger: log })
    door = await kind.open(router, { maxMessageSize: LIMIT, sendBuffer: 256 << 10 })
    listed = await kind.open(router, { allowedOrigins: ['https://app.example'] })
    starred = await kind.open(router, { allowedOrigins: ['*'] })
    port = door.port
    url = `ws://127.0.0.1:${port}/ws`
  })

  after(async () => {
    await router.close({ grace: 100 })
    await door.close()
    await listed.close()
    await starred.close()
  })

  afterEach(() => {
    hangUp()
    expect(log.errors).deep.equal([])
  })

  const upgrade = (changes: Record<string, string | null> = {}, path?: string) =>
    http(port, handshake(changes, path))

  async function isServing(): Promise<void> {
    const client = await member(url)
    await client.close()
  }

  describe('negotiation', () => {
    const chosen = async (offer: string) => {
      const answer = await upgrade({ 'Sec-WebSocket-Protocol': offer })
      expect(answer?.status).equal(101)
      return /\r\nsec-websocket-protocol: *(\S+)/i.exec(answer?.head ?? '')?.[1]
    }

    it('takes the first of the offered subprotocols that it speaks', async () => {
      expect(await chosen('wamp.2.json')).equal('wamp.2.json')
      expect(await chosen('wamp.2.cbor, wamp.2.json')).equal('wamp.2.cbor')
      expect(await chosen('wamp.2.msgpack, wamp.2.cbor, wamp.2.json')).equal('wamp.2.msgpack')
    })

    it('skips subprotocols that it does not know', async () => {
      expect(await chosen('mqtt, wamp.2.flatbuffers, wamp.2.cbor')).equal('wamp.2.cbor')
      expect(await chosen('wamp.1, WAMP.2.JSON, wamp.2.msgpack')).equal('wamp.2.msgpack')
    })

    it('does not care about blanks between the subprotocols', async () => {
      expect(await chosen('mqtt,wamp.2.cbor,wamp.2.json')).equal('wamp.2.cbor')
      expect(await chosen('mqtt ,  wamp.2.msgpack\t,wamp.2.json')).equal('wamp.2.msgpack')
    })

    it('reads subprotocols from several header lines', async () => {
      expect(await chosen('mqtt\r\nSec-WebSocket-Protocol: wamp.2.cbor')).equal('wamp.2.cbor')
      expect(await chosen('wamp.2.json\r\nSec-WebSocket-Protocol: wamp.2.cbor')).equal(
        'wamp.2.json',
      )
    })

    it('takes header names in any case', async () => {
      const answer = await upgrade({
        'Sec-WebSocket-Protocol': null,
        'sec-websocket-PROTOCOL': 'wamp.2.json',
      })
      expect(answer?.status).equal(101)
    })

    it('refuses an upgrade without a common subprotocol, and says what to offer', async () => {
      for (const offer of ['mqtt', 'wamp.2.flatbuffers, wamp.2', null]) {
        const answer = await upgrade({ 'Sec-WebSocket-Protocol': offer })
        expect(answer?.status).equal(400)
        for (const protocol of PROTOCOLS) expect(answer?.body).contain(protocol)
      }
    })

    it('refuses an upgrade on another path', async () => {
      for (const path of ['/elsewhere', '/ws/deeper', '/wsx', '/WS']) {
        expect((await upgrade({}, path))?.status, path).equal(404)
      }
    })

    it('does not mind a query', async () => {
      expect((await upgrade({}, '/ws?token=x&y=/'))?.status).equal(101)
    })

    it('refuses an upgrade without a key', async () => {
      for (const key of [null, 'short']) {
        expect((await upgrade({ 'Sec-WebSocket-Key': key }))?.status).within(400, 499)
      }
    })

    it('answers other versions of WebSocket with 426 and its own', async () => {
      const answer = await upgrade({ 'Sec-WebSocket-Version': '12' })
      expect(answer?.status).equal(426)
      expect(answer?.head).match(/\r\nsec-websocket-version: *13/i)
    })

    it('serves clients that offer permessage-deflate', async () => {
      const client = await connect(url, 'wamp.2.json', { perMessageDeflate: true })
      await client.join()
      const text = 'compressible '.repeat(1000)
      expect(await client.ask([48, 1, {}, 'no.such', [text]]))
        .property('4')
        .contain('no_such')
      await client.close()
    })

    it('hangs up after a refusal though the client does not', async () => {
      const socket = new RawSocket(port)
      socket.write(handshake({ 'Sec-WebSocket-Protocol': 'mqtt' }))
      expect((await socket.answer())?.status).equal(400)
      await within(1000, 'end', socket.gone)
      await socket.close()
    })
  })

  describe('origins', () => {
    const from = async (origin: string | null, to = port) =>
      (await http(to, handshake({ Host: `192.0.2.7:${to}`, Origin: origin })))?.status

    it('lets programs in, which send none', async () => {
      expect(await from(null)).equal(101)
    })

    it('lets pages of the same host in, whatever their port', async () => {
      expect(await from('http://192.0.2.7')).equal(101)
      expect(await from('https://192.0.2.7:8443')).equal(101)
    })

    it('lets pages of this machine in', async () => {
      for (const host of ['localhost', '127.0.0.1:3000', '[::1]:8080']) {
        expect(await from(`http://${host}`), host).equal(101)
      }
    })

    it('keeps foreign pages out, and those without an origin of their own', async () => {
      const foreign = ['https://evil.example', 'https://192.0.2.7.evil', 'null', 'file://', 'x']
      for (const origin of [...foreign, 'http://localhost.evil', 'http://127.0.0.1.evil']) {
        expect(await from(origin), origin).equal(403)
      }
    })

    it('lets pages on the list in, and no others', async () => {
      expect(await from('https://app.example', listed.port)).equal(101)
      expect(await from('http://app.example', listed.port)).equal(403)
      expect(await from('https://app.example.evil', listed.port)).equal(403)
    })

    it('lets all in where the list has a star', async () => {
      expect(await from('https://evil.example', starred.port)).equal(101)
      expect(await from('null', starred.port)).equal(101)
    })
  })

  describe('frames', () => {
    it('of one message are joined, and pings between them answered', async () => {
      const socket = await upgraded(port)
      const parts = ['[1,"realm1",', '{"roles":{"pub', 'lisher":{}}', '}]']
      for (const [i, part] of parts.entries()) {
        const fin = i === parts.length - 1
        socket.write(frame(i === 0 ? TEXT : 0, part, { fin }))
        if (fin) break
        socket.write(frame(PING, `ping ${i}`))
        const pong = await socket.frame()
        expect(pong?.opcode).equal(PONG)
        expect(pong?.payload.toString()).equal(`ping ${i}`)
      }
      expect((await socket.message())?.[0]).equal(2)
      await socket.close()
    })

    it('may end inside a UTF-8 sequence', async () => {
      const socket = await upgraded(port)
      socket.send(hello())
      await socket.message()
      const bytes = Buffer.from('[32,1,{},"π.😀"]')
      for (let i = 0; i < bytes.length; i++) {
        const fin = i === bytes.length - 1
        socket.write(frame(i === 0 ? TEXT : 0, bytes.subarray(i, i + 1), { fin }))
      }
      expect((await socket.message())?.slice(0, 2)).deep.equal([33, 1])
      await socket.close()
    })

    it('may be empty within a message', async () => {
      const socket = await upgraded(port)
      socket.write(frame(TEXT, '', { fin: false }))
      socket.write(frame(0, JSON.stringify(hello()), { fin: false }))
      socket.write(frame(0, '', { fin: true }))
      expect((await socket.message())?.[0]).equal(2)
      await socket.close()
    })

    it('may come byte by byte, the handshake too', async () => {
      const socket = new RawSocket(port)
      for (const byte of Buffer.from(handshake())) {
        socket.write(Buffer.from([byte]))
        if (byte === 10) await pause(1)
      }
      expect((await socket.answer())?.status).equal(101)
      for (const byte of frame(TEXT, JSON.stringify(hello()))) {
        socket.write(Buffer.from([byte]))
        await pause(0)
      }
      expect((await socket.message())?.[0]).equal(2)
      await socket.close()
    })

    it('may come many in one segment', async () => {
      const socket = await upgraded(port)
      const messages = [hello(), ...Array.from({ length: 50 }, (_, i) => [32, i + 1, {}, `a.${i}`])]
      const frames = messages.map(message => frame(TEXT, JSON.stringify(message)))
      socket.write(Buffer.concat(frames))
      expect((await socket.message())?.[0]).equal(2)
      for (let i = 0; i < 50; i++) expect((await socket.message())?.[1]).equal(i + 1)
      await socket.close()
    })
  })

  describe('control frames', () => {
    it('ping is answered before HELLO, with the same payload', async () => {
      const socket = await upgraded(port)
      for (const payload of ['', 'abc', 'x'.repeat(125)]) {
        socket.write(frame(PING, payload))
        const pong = await socket.frame()
        expect(pong?.opcode).equal(PONG)
        expect(pong?.payload.toString()).equal(payload)
      }
      await socket.close()
    })

    it('whoever pings on and on without reading is cut off', async () => {
      const { socket, gone } = await upgraded(port)
      socket.pause()
      const pings = Buffer.concat(Array(4000).fill(frame(PING, 'x'.repeat(125))))
      for (let i = 0; i < 200 && !socket.destroyed; i++) {
        const written = new Promise(resolve => socket.write(pings, resolve))
        await Promise.race([written, gone])
      }
      await within(3000, 'end', gone)
    })

    it('an unasked pong is ignored', async () => {
      const socket = await upgraded(port)
      socket.write(frame(PONG, 'nobody asked'))
      expect((await socket.ask(hello()))?.[0]).equal(2)
      await socket.close()
    })

    it('a close frame is answered with its code, and the connection ends', async () => {
      const socket = await upgraded(port)
      socket.write(frame(CLOSE, Buffer.concat([Buffer.from([0x03, 0xe8]), Buffer.from('bye')])))
      const close = await socket.frame()
      expect(close?.opcode).equal(CLOSE)
      expect(close?.payload.readUInt16BE(0)).equal(1000)
      await within(3000, 'end', socket.gone)
    })
  })

  describe('broken frames end the connection, and nobody else notices:', () => {
    const broken: Record<string, () => Buffer> = {
      'a reserved opcode': () => frame(3, 'x'),
      'a reserved control opcode': () => frame(11, 'x'),
      'RSV1 without an extension': () => frame(TEXT, 'x', { rsv: 4 }),
      RSV2: () => frame(TEXT, 'x', { rsv: 2 }),
      RSV3: () => frame(TEXT, 'x', { rsv: 1 }),
      // uWebSockets.js takes all frames for masked ones and reads garbage, past the frame's end.
      'an unmasked frame': () =>
        Buffer.concat([1, 2].map(() => frame(TEXT, '[32,1,{},"a"]', { masked: false }))),
      'a ping of 126 bytes': () => frame(PING, 'x'.repeat(126)),
      'a fragmented ping': () => frame(PING, 'x', { fin: false }),
      'a continuation without a beginning': () => frame(0, 'x'),
      'a message within a fragmented message': () =>
        Buffer.concat([frame(TEXT, '[', { fin: false }), frame(TEXT, ']')]),
      'invalid UTF-8': () => frame(TEXT, Buffer.from('5b22c328225d', 'hex')),
      'UTF-8 that is cut off': () => frame(TEXT, Buffer.from('5b22f09f', 'hex')),
      'an encoded surrogate': () => frame(TEXT, Buffer.from('5b22eda080225d', 'hex')),
      'a close frame of one byte': () => frame(CLOSE, 'x'),
      'an absurd length': () => frame(TEXT, 'x', { length: 2 ** 40 }),
    }

    for (const [name, bytes] of Object.entries(broken)) {
      it(name, async () => {
        const socket = await upgraded(port)
        await socket.ask(hello())
        expect((await socket.ask([64, 1, {}, 'of.the.broken']))?.[0]).equal(65)
        const before = router.status().counters.protocol_violations
        socket.write(bytes())
        for (;;) {
          const answer = await socket.frame()
          if (answer === null) break
          if (answer.opcode === TEXT) expect(answer.payload.toString()).contain('violation')
          else expect(answer.opcode).equal(CLOSE)
          if (answer.payload.length >= 2 && answer.opcode === CLOSE) {
            expect(answer.payload.readUInt16BE(0)).within(1002, 1009)
          }
        }
        const other = await member(url)
        expect((await other.ask([64, 1, {}, 'of.the.broken']))?.[0], 'name is free').equal(65)
        await other.close()
        await socket.close()
        // uWebSockets.js takes it for a lost connection, and says nothing of it.
        if (kind.name === 'uws' && name === 'a close frame of one byte') return
        expect(router.status().counters.protocol_violations, 'is counted').equal(before + 1)
      })
    }

    it('endless fragments of one message stop at the limit', async () => {
      const socket = await upgraded(port)
      socket.write(frame(TEXT, '[', { fin: false }))
      const fragment = frame(0, ' '.repeat(60_000), { fin: false })
      for (let i = 0; i < 100 && !socket.socket.destroyed; i++) {
        socket.write(fragment)
        await pause(0)
      }
      await within(5000, 'end', socket.gone)
      await isServing()
    })
  })

  describe('the size of a message', () => {
    const publish = (size: number) => {
      const message = JSON.stringify([16, 1, { acknowledge: true }, 'a', ['']])
      return message.replace('""', `"${'x'.repeat(size - message.length)}"`)
    }

    it('beyond the limit closes with 1009 and names the limit', async () => {
      for (const size of [LIMIT + 1, 2 * LIMIT]) {
        const client = await member(url)
        client.sendRaw(publish(size))
        const { code, reason } = await client.closed
        expect(code).equal(1009)
        expect(reason).contain(String(LIMIT))
      }
    })

    it('far beyond the limit ends the connection at least', async () => {
      const client = await member(url)
      client.sendRaw(publish(8 * LIMIT))
      expect((await client.closed).code).oneOf([1009, 1006])
      await isServing()
    })

    if (kind.name !== 'uws') {
      // uWebSockets.js shows no message before it is whole.
      for (const protocol of ['wamp.2.json', 'wamp.2.json.batched']) {
        it(`is looked at before WELCOME while it comes, in ${protocol}`, async () => {
          const socket = await upgraded(port, { 'Sec-WebSocket-Protocol': protocol })
          const violations = () => router.status().counters.protocol_violations
          const before = violations()
          socket.write(frame(TEXT, '[1,"realm1",{}', { fin: false }))
          const part = frame(0, ' '.repeat(1000), { fin: false })
          for (let i = 0; i < 70; i++) socket.write(part)
          expect((await socket.frame())?.payload.toString()).contain('over 65536 bytes')
          expect((await socket.frame())?.opcode).equal(CLOSE)
          expect(violations()).equal(before + 1)
          await within(4000, 'end', socket.gone)
        })
      }
    }

    it('before WELCOME may be all that a HELLO may be, and more after', async () => {
      const socket = await upgraded(port)
      const text = JSON.stringify(hello('realm1', { authextra: { x: '-' } }))
      const largest = text.replace('-', '-'.repeat(65_536 - text.length + 1))
      socket.write(frame(TEXT, largest))
      expect((await socket.message())?.[0]).equal(2)
      socket.write(frame(TEXT, publish(LIMIT)))
      expect((await socket.message())?.[0]).equal(17)
      await socket.close()
    })

    it('beyond the limit ends the session at once', async () => {
      const socket = await upgraded(port)
      await socket.ask(hello())
      await socket.ask([64, 1, {}, 'of.the.large'])
      // The raw socket never answers the close frame.
      socket.write(frame(TEXT, publish(LIMIT + 1)))
      socket.send([64, 2, {}, 'behind.the.large'])
      expect((await socket.frame())?.opcode).equal(CLOSE)
      const other = await member(url)
      expect((await other.ask([64, 1, {}, 'of.the.large']))?.[0]).equal(65)
      expect((await other.ask([64, 2, {}, 'behind.the.large']))?.[0]).equal(65)
      await other.close()
      await socket.close()
    })
  })

  for (const protocol of PROTOCOLS) {
    describe(`over ${protocol}`, () => {
      let client: RawClient

      beforeEach(async () => {
        client = await member(url, protocol)
      })
      afterEach(() => client.close())

      it('frames of the other kind are a protocol violation', async () => {
        const bytes = client.encode([32, 1, {}, 'a'])
        client.sendRaw(typeof bytes === 'string' ? Buffer.from(bytes) : 'text')
        const [type, details, reason] = await client.next()
        expect([type, reason]).deep.equal([3, 'wamp.error.protocol_violation'])
        expect((details as { message: string }).message).contain('frame')
        expect((await client.closed).code).equal(1002)
      })
    })
  }

  describe('clients that vanish', () => {
    it('in the midst of the handshake harm nobody', async () => {
      for (const cut of [1, 20, 100, handshake().length - 1]) {
        const socket = new RawSocket(port)
        socket.write(handshake().slice(0, cut))
        await pause(5)
        socket.reset()
        await socket.gone
      }
      await isServing()
    })
  })

  describe('bytes that are no WebSocket handshake', () => {
    const garbage: Record<string, string | Uint8Array> = {
      'random bytes': Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * 7919) % 251)),
      zeros: Buffer.alloc(5000),
      'a TLS hello': Buffer.from(`1603010200010001fc0303${'ab'.repeat(400)}`, 'hex'),
      'a huge header': `GET /ws HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(200_000)}\r\n\r\n`,
      'ten thousand headers': `GET /ws HTTP/1.1\r\nHost: a\r\n${'A: b\r\n'.repeat(10_000)}\r\n`,
      'a long path': `GET /${'a/'.repeat(50_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      'a bad percent escape': 'GET /%zz%/..%2f..%2fetc/passwd HTTP/1.1\r\nHost: a\r\n\r\n',
      'a path upwards': 'GET /../../../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n',
      'the HTTP/2 preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'a CONNECT': 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n',
      'a bad chunk': 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n',
      'a contradiction':
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'no host': handshake({ Host: null }),
      'control characters in the origin': handshake({ Origin: 'http://a\u0001\u007f"' }),
      'another kind of upgrade': handshake({ Upgrade: 'h2c' }),
    }
    for (const [name, bytes] of Object.entries(garbage)) {
      it(`do no harm: ${name}`, async () => {
        const socket = new RawSocket(port)
        socket.write(bytes)
        await Promise.race([socket.gone, pause(30)])
        await isServing()
        await socket.close()
      })
    }
  })

  if (!kind.ownsHttp) return

  describe('plain HTTP', () => {
    const request = (method: string, path: string) =>
      http(port, `${method} ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`)

    it('GET of a WebSocket path gives a page for people', async () => {
      for (const path of ['/', '/ws', '/?a=b']) {
        const answer = await request('GET', path)
        expect(answer?.status, path).equal(200)
        expect(answer?.head).match(/content-type: *text\/html/i)
        expect(answer?.body).contain('WAMP')
      }
    })

    it('GET of another path gives 404', async () => {
      for (const path of ['/other', '/ws/', '/favicon.ico', '/../etc/passwd']) {
        expect((await request('GET', path))?.status, path).within(400, 404)
      }
    })

    it('other methods are refused', async () => {
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
        expect((await request(method, '/'))?.status, method).oneOf([404, 405, 501])
      }
    })

    it('several requests over one connection are answered', async () => {
      const socket = new RawSocket(port)
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(3))
      for (let i = 0; i < 3; i++) expect((await socket.answer())?.status).equal(200)
      await socket.close()
    })
  })
}
