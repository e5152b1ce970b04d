import { expect } from 'chai'
import fc from 'fast-check'
import WebSocket from 'ws'
import { createRouter, type Router } from '../../src/router.ts'
import { batching } from '../../src/serializer/batched.ts'
import { errorLog } from '../helpers/error-log.ts'
import {
  CODECS,
  hangUp,
  hello,
  member,
  PROTOCOLS,
  pause,
  remember,
  type Wamp,
  within,
} from '../helpers/raw-client.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

/** A client that speaks in batches, and keeps count of the frames that come. */
class BatchClient {
  readonly socket: WebSocket
  readonly closed: Promise<number>
  frames = 0
  readonly #protocol: string
  readonly #inbox: Wamp[] = []
  #wake: () => void = () => {}

  constructor(url: string, protocol: string) {
    this.#protocol = protocol
    this.socket = new WebSocket(url, `${protocol}.batched`, { perMessageDeflate: false })
    this.socket.on('error', () => {})
    remember({ destroy: () => this.socket.terminate() })
    const { split } = batching(this.isBinary)
    this.socket.on('message', (frame: Buffer) => {
      this.frames++
      const fault = split(frame, message => this.#inbox.push(this.#decode(message)))
      expect(fault).equal(undefined)
      this.#wake()
    })
    this.closed = new Promise(resolve => {
      this.socket.on('close', code => {
        this.#wake()
        resolve(code)
      })
    })
  }

  get isBinary(): boolean {
    return this.#protocol !== 'wamp.2.json'
  }

  #decode(message: Uint8Array): Wamp {
    return CODECS[this.#protocol]?.decode(Buffer.from(message)) as Wamp
  }

  encode(...messages: unknown[]): Buffer {
    const encoded = messages.map(one => Buffer.from(CODECS[this.#protocol]?.encode(one) as string))
    return Buffer.concat(batching(this.isBinary).join(encoded))
  }

  sendRaw(frame: Uint8Array, binary = this.isBinary): void {
    this.socket.send(frame, { binary })
  }

  send(...messages: unknown[]): void {
    this.sendRaw(this.encode(...messages))
  }

  async next(): Promise<Wamp> {
    while (this.#inbox.length === 0) {
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error('the connection is gone')
      const more = new Promise<void>(resolve => {
        this.#wake = resolve
      })
      await within(5000, 'a message', more)
    }
    return this.#inbox.shift() as Wamp
  }

  /** Opens a session; gives WELCOME. */
  async join(): Promise<Wamp> {
    await new Promise((resolve, reject) => {
      this.socket.once('open', resolve).once('error', reject)
    })
    this.send(hello())
    return this.next()
  }
}

for (const transport of TRANSPORTS) {
  for (const protocol of PROTOCOLS) {
    describe(`${protocol}.batched over ${transport}`, () => {
      const log = errorLog()
      let router: Router
      let url: string
      let client: BatchClient

      before(async () => {
        router = createRouter({ development: true, logger: log })
        url = (await router.listen({ port: 0, transport, maxMessageSize: 100_000 })).url
      })
      after(() => router.close({ grace: 100 }))

      beforeEach(async () => {
        client = new BatchClient(url, protocol)
        expect((await client.join())[0]).equal(2)
      })
      afterEach(() => {
        hangUp()
        expect(log.errors).deep.equal([])
      })

      it('takes several messages in a frame, in their order', async () => {
        client.send([32, 1, {}, 'a.topic'], [64, 2, {}, 'a.procedure'], [48, 3, {}, 'no.such'])
        const answers = [await client.next(), await client.next(), await client.next()]
        expect(answers.map(([type]) => type)).deep.equal([33, 65, 8])
      })

      it('sends what a tick has for it in one frame', async () => {
        client.send([32, 1, {}, 'burst'])
        await client.next()
        const before = client.frames
        const local = router.session('realm1')
        await Promise.all(Array.from({ length: 100 }, (_, i) => local.publish('burst', [i])))
        for (let i = 0; i < 100; i++) expect((await client.next())[4]).deep.equal([i])
        expect(client.frames - before).below(50)
        local.close()
      })

      it('speaks with those who send single messages', async () => {
        const other = await member(url)
        client.send([64, 1, {}, 'a.procedure'])
        await client.next()
        other.send([48, 1, {}, 'a.procedure', ['π']])
        const [, request, , , args] = await client.next()
        client.send([70, request, {}, args])
        expect(await other.next()).deep.equal([50, 1, {}, ['π']])
        await other.close()
      })

      it('carries messages beyond 64 KiB', async () => {
        const text = 'x'.repeat(90_000)
        client.send([64, 1, {}, 'echo'], [48, 2, {}, 'echo', [text]])
        await client.next()
        const [, request, , , args] = await client.next()
        client.send([70, request, {}, args])
        expect(await client.next()).deep.equal([50, 2, {}, [text]])
      })

      it('limits the size of the whole frame', async () => {
        const message = [16, 1, {}, 'a', ['x'.repeat(40_000)]]
        client.send(message, message, message)
        expect(await client.closed).equal(1009)
      })

      const refused = async (frame: Uint8Array, binary: boolean) => {
        const before = router.status().counters.protocol_violations
        client.sendRaw(frame, binary)
        const [type, details, reason] = await client.next()
        expect([type, reason]).deep.equal([3, 'wamp.error.protocol_violation'])
        expect(await client.closed).equal(1002)
        expect(router.status().counters.protocol_violations).equal(before + 1)
        return (details as { message: string }).message
      }

      it('an empty batch is a protocol violation', async () => {
        expect(await refused(Buffer.alloc(0), client.isBinary)).equal('batch: without a message')
      })

      it('a batch that is cut off is a protocol violation', async () => {
        const whole = client.encode([32, 1, {}, 'a.topic'])
        expect(await refused(whole.subarray(0, -1), client.isBinary)).match(/^batch: /)
      })

      it('an empty message is a protocol violation', async () => {
        const frame = client.isBinary ? Buffer.alloc(4) : Buffer.of(0x1e)
        expect(await refused(frame, client.isBinary)).not.match(/^batch: /)
      })

      it('a frame of the other kind is a protocol violation', async () => {
        const text = await refused(Buffer.from('[]\x1e'), !client.isBinary)
        expect(text).contain('frame')
      })

      it('nothing behind an end of the session is heard', async () => {
        client.send([6, {}, 'a.b'], [32, 2, {}, 'a.topic'])
        expect((await client.next())[0]).equal(6)
        expect((await client.next())[0]).equal(3)
        expect(await client.closed).equal(1002)
      })

      it('nothing is heard behind a message whose answer is too much', async () => {
        const other = await member(url)
        await other.ask([32, 1, {}, 'end.of.batch'])
        const large = { acknowledge: true, retain: true }
        await other.ask([16, 2, large, 'large', ['x'.repeat(90_000)]])
        const before = router.status().counters.too_slow
        client.socket.pause()
        const wanted = Array.from({ length: 1000 }, (_, i) => {
          return [32, i + 1, { get_retained: true }, 'large']
        })
        client.send(...wanted, [16, 2000, {}, 'end.of.batch'])
        while (router.status().counters.too_slow === before) await pause(1)
        // All that the batch did has come before this.
        expect((await other.ask([32, 3, {}, 'another']))[0]).equal(33)
        client.socket.terminate()
      })

      it('any bytes end in ABORT or close at worst', async () => {
        const bystander = await member(url)
        const bytes = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 3 })
        await fc.assert(
          fc.asyncProperty(bytes, async frames => {
            const wild = new BatchClient(url, protocol)
            await wild.join()
            for (const frame of frames) {
              // Text frames must be UTF-8.
              wild.sendRaw(client.isBinary ? frame : frame.map(byte => byte & 0x7f))
            }
            wild.socket.close()
            await wild.closed
          }),
          { numRuns: 60, interruptAfterTimeLimit: 1500 },
        )
        expect((await bystander.ask([32, 1, {}, 'still.there']))[0]).equal(33)
        await bystander.close()
        await pause(0)
      })
    })
  }
}
