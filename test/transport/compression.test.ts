import { randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Compression } from '../../src/base/compression.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { errorLog } from '../helpers/error-log.ts'
import { connect, hangUp, hello, member, PROTOCOLS, type RawClient } from '../helpers/raw-client.ts'
import { frame, type RawSocket, TEXT, upgraded } from '../helpers/raw-socket.ts'
import { TRANSPORTS } from '../helpers/transports.ts'
import { carriesMessages } from './carriage.ts'

const LIMIT = 1 << 16
const RSV1 = 0x40
const OFFER = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }

/** A message as a client compresses it that takes no context over. */
function compressed(text: string): Buffer {
  const bytes = deflateRawSync(text, { finishFlush: 2 })
  return frame(TEXT, bytes.subarray(0, -4), { rsv: 4 })
}

/** A session whose frames are read as they come. */
async function joined(port: number): Promise<RawSocket> {
  const socket = await upgraded(port, OFFER)
  await said(socket, hello())
  return socket
}

/** Sends a message, and reads the frame of the answer, compressed or not. */
async function said(socket: RawSocket, message: unknown): Promise<void> {
  socket.send(message)
  expect((await socket.frame())?.opcode).equal(TEXT)
}

/** What the kernel has given to a client so far. */
function bytesRead({ socket }: RawClient): number {
  return (socket as unknown as { _socket: { bytesRead: number } })._socket.bytesRead
}

/** Those that a transport has. */
const ON = { uws: ['shared'], ws: ['shared', '4KB'] } as const

for (const transport of TRANSPORTS) {
  for (const compression of ON[transport]) {
    describe(`compression ${compression} on ${transport}`, () => {
      carriesMessages({
        name: `${transport} ${compression}`,
        async open(router, options) {
          const { port, url } = await router.listen({
            ...options,
            port: 0,
            transport,
            compression,
            compressionThreshold: 100,
          })
          return { port, url, close: async () => {} }
        },
        peer: ({ port }) => upgraded(port),
        async client({ url }, protocol) {
          const client = await connect(url, protocol, { perMessageDeflate: true })
          expect(client.socket.extensions).equal('permessage-deflate')
          return client
        },
      })
    })
  }

  describe(`compression on ${transport}`, () => {
    const log = errorLog()
    let router: Router

    beforeEach(() => {
      router = createRouter({ development: true, logger: log })
    })
    afterEach(async () => {
      hangUp()
      await router.close({ grace: 100 })
      expect(log.errors).deep.equal([])
    })

    const open = (compression: Compression, compressionThreshold = 100) =>
      router.listen({
        port: 0,
        transport,
        compression,
        compressionThreshold,
        maxMessageSize: LIMIT,
        sendBuffer: 256 << 10,
      })

    async function taker(url: string, protocol = 'wamp.2.json', options = {}): Promise<RawClient> {
      const client = await connect(url, protocol, {
        perMessageDeflate: { threshold: 0, ...options },
      })
      await client.join()
      return client
    }

    async function subscriber(port: number): Promise<RawSocket> {
      const socket = await joined(port)
      await said(socket, [32, 1, {}, 'a.topic'])
      return socket
    }

    it('is not offered by default', async () => {
      const { url } = await router.listen({ port: 0, transport })
      expect((await taker(url)).socket.extensions).equal('')
    })

    for (const compression of ON[transport]) {
      it(`${compression}: clients that take it get fewer bytes, others the same messages`, async () => {
        const { url } = await open(compression)
        const publisher = router.session('realm1')
        const text = JSON.stringify(Array.from({ length: 200 }, (_, i) => ({ number: i % 7 })))
        for (const protocol of PROTOCOLS) {
          const [one, other, plain] = [
            await taker(url, protocol),
            await taker(url, protocol),
            await member(url, protocol),
          ]
          for (const client of [one, other, plain]) await client.ask([32, 1, {}, 'a.topic'])
          const [before, plainBefore] = [bytesRead(one), bytesRead(plain)]
          for (let i = 0; i < 5; i++) await publisher.publish('a.topic', [i, text])
          for (const client of [one, other, plain]) {
            for (let i = 0; i < 5; i++) expect((await client.next())[4]).deep.equal([i, text])
          }
          const sizes = [bytesRead(one) - before, bytesRead(plain) - plainBefore] as const
          expect(sizes[1]).above(5 * text.length)
          expect(sizes[0]).below(sizes[1] / 5)
        }
        publisher.close()
      })
    }

    for (const compression of ON[transport]) {
      describe(compression, () => {
        it('compresses no message below the threshold', async () => {
          const { port } = await open(compression, 200)
          const socket = await subscriber(port)
          const publisher = router.session('realm1')
          await publisher.publish('a.topic', ['x'.repeat(50)])
          expect((await socket.frame())?.first).equal(0x80 | TEXT)
          await publisher.publish('a.topic', ['x'.repeat(500)])
          const long = await socket.frame()
          expect(long?.first).equal(0x80 | RSV1 | TEXT)
          expect(long?.payload.length).below(100)
          publisher.close()
        })

        it('takes in what clients compress, up to the limit', async () => {
          const { url, port } = await open(compression)
          const client = await taker(url)
          const text = 'compressible '.repeat(1000)
          await client.ask([32, 1, {}, 'a.topic'])
          client.send([16, 2, { exclude_me: false }, 'a.topic', [text]])
          expect((await client.next())[4]).deep.equal([text])
          const socket = await joined(port)
          socket.write(compressed(JSON.stringify([16, 2, {}, 'a.topic', ['x'.repeat(LIMIT)]])))
          const farewell = await socket.frame()
          expect(farewell?.payload.readUInt16BE()).equal(1009)
          expect(farewell?.payload.toString()).contain(String(LIMIT))
        })

        it('cuts off who sends a little that would become very much', async () => {
          const { url, port } = await open(compression)
          const other = await member(url)
          const socket = await joined(port)
          await said(socket, [64, 1, {}, 'of.the.bomber'])
          const before = process.memoryUsage.rss()
          const bomb = compressed('0'.repeat(200 << 20))
          expect(bomb.length).below(LIMIT * 4)
          const after = process.memoryUsage.rss()
          socket.write(bomb)
          await socket.gone
          expect(process.memoryUsage.rss() - Math.max(before, after)).below(100 << 20)
          expect((await other.ask([64, 1, {}, 'of.the.bomber']))[0]).equal(65)
        })

        it('cuts off who sends what cannot be inflated', async () => {
          const { url, port } = await open(compression)
          const other = await member(url)
          const socket = await joined(port)
          await said(socket, [64, 1, {}, 'of.the.odd'])
          socket.write(frame(TEXT, Buffer.from('ff'.repeat(100), 'hex'), { rsv: 4 }))
          await socket.gone
          expect((await other.ask([64, 1, {}, 'of.the.odd']))[0]).equal(65)
        })

        it('whatever comes as a compressed frame, the others go on', async () => {
          const { url, port } = await open(compression)
          const other = await member(url)
          let id = 0
          const sound = deflateRawSync(JSON.stringify([32, 1, {}, 'a'])).toJSON().data
          const cut = fc.nat({ max: sound.length }).map(length => sound.slice(0, length))
          const bytes = fc.oneof(fc.array(fc.nat({ max: 255 }), { maxLength: 300 }), cut)
          await fc.assert(
            fc.asyncProperty(bytes, fc.boolean(), async (bytes, isJoined) => {
              const socket = isJoined ? await joined(port) : await upgraded(port, OFFER)
              socket.write(frame(TEXT, Uint8Array.from(bytes), { rsv: 4 }))
              expect((await other.ask([32, ++id, {}, 'a']))[0]).equal(33)
              await socket.close()
            }),
            { numRuns: 50 },
          )
        })

        it('messages of any sizes, in any order, arrive as they were', async () => {
          const { url } = await open(compression)
          const client = await taker(url, 'wamp.2.msgpack')
          await client.ask([32, 1, {}, 'a.topic'])
          const publisher = router.session('realm1')
          const text = fc
            .tuple(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.nat({ max: 500 }))
            .map(([unit, times]) => unit.repeat(times))
          await fc.assert(
            fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 10 }), async texts => {
              await Promise.all(texts.map(text => publisher.publish('a.topic', [text])))
              const events = await client.take(texts.length)
              expect(events.map(event => (event[4] as string[])[0])).deep.equal(texts)
            }),
            { numRuns: 30 },
          )
          publisher.close()
        })

        it('keeps to a window that a client asks for, or does without', async () => {
          const { url } = await open(compression)
          const client = await taker(url, 'wamp.2.json', { serverMaxWindowBits: 9 })
          await client.ask([32, 1, {}, 'a.topic'])
          const publisher = router.session('realm1')
          // Repeats itself from further away than the window reaches.
          const text = randomBytes(3000).toString('hex').repeat(2)
          await publisher.publish('a.topic', [text])
          expect((await client.next())[4]).deep.equal([text])
          publisher.close()
        })

        it('a slow reader is cut off as without it', async () => {
          const { url, port } = await open(compression)
          const slow = await subscriber(port)
          await said(slow, [64, 2, {}, 'of.the.slow'])
          slow.socket.pause()
          const publisher = await member(url)
          for (let i = 1; i <= 400; i++) {
            const text = randomBytes(LIMIT / 4).toString('hex')
            expect(
              (await publisher.ask([16, i, { acknowledge: true }, 'a.topic', [text]]))[0],
            ).equal(17)
          }
          expect((await publisher.ask([64, 1, {}, 'of.the.slow']))[0]).equal(65)
        })
      })
    }
  })
}
