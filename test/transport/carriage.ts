import { expect } from 'chai'
import { createRouter, type Router } from '../../src/router.ts'
import type { EndpointOptions } from '../../src/site/entrance.ts'
import { errorLog } from '../helpers/error-log.ts'
import {
  hangUp,
  hello,
  PROTOCOLS,
  pause,
  type Wamp,
  type WampClient,
} from '../helpers/raw-client.ts'

/** A connection whose frames are written by hand. */
export interface ByHand {
  readonly socket: { pause(): void; resume(): void; end(): void; readonly destroyed: boolean }
  readonly gone: Promise<void>
  write(bytes: Uint8Array): void
  frameOf(payload: string): Uint8Array
  send(message: unknown): void
  ask(message: unknown): Promise<unknown[] | null>
  message(): Promise<unknown[] | null>
  reset(): void
}

/** A transport, as those see it who send messages over it. */
export interface Kind<Peer extends ByHand = ByHand> {
  name: string
  /** Frames arrive whole or not at all. */
  isWhole?: boolean
  open(router: Router, options: EndpointOptions): Promise<Door>
  /** A connection in JSON, without a session, whose frames are written by hand. */
  peer(door: Door): Promise<Peer>
  /** A client without a session. */
  client(door: Door, protocol: string): Promise<WampClient>
}

/** An open port, or unix socket. */
export interface Door {
  port: number
  url: string
  close(): Promise<void>
}

/** A limit on messages that each transport can announce as it is. */
export const LIMIT = 1 << 18

/** What every transport does for the messages that it carries. */
export function carriesMessages(kind: Kind): void {
  const log = errorLog()
  let router: Router
  let door: Door

  before(async () => {
    router = createRouter({ development: true, logger: log })
    door = await kind.open(router, { maxMessageSize: LIMIT, sendBuffer: 256 << 10 })
  })
  after(async () => {
    await router.close({ grace: 100 })
    await door.close()
  })
  afterEach(() => {
    hangUp()
    expect(log.errors).deep.equal([])
  })

  async function member(protocol = 'wamp.2.json'): Promise<WampClient> {
    const client = await kind.client(door, protocol)
    await client.join()
    return client
  }

  describe('the size of a message', () => {
    const publish = (size: number) => {
      const message = JSON.stringify([16, 1, { acknowledge: true }, 'a', ['']])
      return message.replace('""', `"${'x'.repeat(size - message.length)}"`)
    }

    it('may be exactly the limit', async () => {
      const client = await member()
      client.sendRaw(publish(LIMIT))
      expect((await client.next())[0]).equal(17)
      await client.close()
    })

    it('beyond the limit ends the session at once', async () => {
      const socket = await kind.peer(door)
      await socket.ask(hello())
      await socket.ask([64, 1, {}, 'of.the.large'])
      socket.write(socket.frameOf(publish(LIMIT + 1)))
      socket.send([64, 2, {}, 'behind.the.large'])
      const other = await member()
      while ((await socket.message()) !== null);
      expect((await other.ask([64, 1, {}, 'of.the.large']))[0]).equal(65)
      expect((await other.ask([64, 2, {}, 'behind.the.large']))[0]).equal(65)
      await other.close()
    })
  })

  for (const protocol of PROTOCOLS) {
    describe(`over ${protocol}`, () => {
      let client: WampClient

      beforeEach(async () => {
        client = await member(protocol)
      })
      afterEach(() => client.close())

      it('publications and calls work', async () => {
        const other = await member(protocol)
        const [, , subscription] = await client.ask([32, 1, {}, 'a.topic'])
        await client.ask([64, 2, {}, 'a.procedure'])
        other.send([16, 1, {}, 'a.topic', [1, 'zwei'], { drei: null }])
        const event = await client.next()
        expect([event[0], event[1]]).deep.equal([36, subscription])
        expect(event.slice(3)).deep.equal([{}, [1, 'zwei'], { drei: null }])
        other.send([48, 2, {}, 'a.procedure', ['π']])
        const [, request] = await client.next()
        client.send([70, request, {}, ['ja', 'π']])
        expect(await other.next()).deep.equal([50, 2, {}, ['ja', 'π']])
        await other.close()
      })

      it('messages of the sizes where headers change arrive whole', async () => {
        await client.ask([64, 1, {}, 'echo'])
        let request = 1
        const echo = async (length: number) => {
          client.send([48, ++request, {}, 'echo', ['x'.repeat(length)]])
          const invocation = await client.next()
          const args = invocation[4] as string[]
          const result = await client.ask([70, invocation[1], {}, args])
          expect(result).deep.equal([50, request, {}, ['x'.repeat(length)]])
          return client.lastSize
        }
        for (const wanted of [125, 126, 127, 65535, 65536, 65537, 200_000]) {
          const rough = await echo(wanted - 40)
          expect(await echo(2 * wanted - 40 - rough)).equal(wanted)
        }
      })

      it('2,000 requests sent without waiting are answered in order', async () => {
        const kinds: ((id: number) => Wamp)[] = [
          id => [32, id, {}, `pipelined.${id}`],
          id => [16, id, { acknowledge: true }, 'nobody.listens'],
          id => [64, id, {}, `pipelined.${id}`],
          id => [48, id, {}, 'no.such.procedure'],
        ]
        const ids = Array.from({ length: 2000 }, (_, i) => i + 1)
        for (const id of ids) client.send((kinds[id % kinds.length] as (typeof kinds)[0])(id))
        const answers = await client.take(ids.length)
        expect(answers.map(answer => (answer[0] === 8 ? answer[2] : answer[1]))).deep.equal(ids)
      })

      it('many messages to one client in a tick arrive in order', async () => {
        await client.ask([32, 1, {}, 'burst'])
        const local = router.session('realm1')
        const sizes = [1, 200, 20_000, 5, 17_000, 300, 2, 70_000, 1]
        for (const [i, size] of sizes.entries()) await local.publish('burst', [i, 'x'.repeat(size)])
        for (const [i, size] of sizes.entries()) {
          expect((await client.next())[4]).deep.equal([i, 'x'.repeat(size)])
        }
        local.close()
      })
    })
  }

  describe('a reader that is too slow', () => {
    it('is cut off, while the others keep getting events', async () => {
      const slow = await kind.peer(door)
      await slow.ask(hello())
      await slow.ask([32, 1, {}, 'flood'])
      await slow.ask([64, 2, {}, 'of.the.slow'])
      slow.socket.pause()
      const quick = await member()
      await quick.ask([32, 1, {}, 'flood'])
      const publisher = await member('wamp.2.msgpack')
      const text = 'x'.repeat(200_000)
      for (let i = 1; i <= 100; i++) {
        const [type] = await publisher.ask([16, i, { acknowledge: true }, 'flood', [i, text]])
        expect(type).equal(17)
        expect((await quick.next())[4])
          .property('0')
          .equal(i)
      }
      expect((await quick.ask([64, 2, {}, 'of.the.slow']))?.[0], 'its session is over').equal(65)
      slow.socket.resume()
      let events = 0
      for (;;) {
        const message = await slow.message()
        if (message === null) break
        events++
      }
      expect(events).below(100)
      await quick.close()
      await publisher.close()
    })

    it('that never reads again loses its connection', async () => {
      const slow = await kind.peer(door)
      await slow.ask(hello())
      await slow.ask([32, 1, {}, 'flood'])
      slow.socket.pause()
      const publisher = await member('wamp.2.msgpack')
      const text = 'x'.repeat(200_000)
      for (let i = 1; i <= 100; i++) {
        await publisher.ask([16, i, { acknowledge: true }, 'flood', [i, text]])
      }
      await pause(2100)
      // What is sent to a connection that is gone comes back as RST, even to those who do not read.
      for (let i = 0; i < 20 && !slow.socket.destroyed; i++) {
        slow.send([32, 3, {}, 'a'])
        await pause(20)
      }
      expect(slow.socket.destroyed).equal(true)
      await publisher.close()
    })
  })

  describe('clients that vanish', () => {
    const ways: Record<string, (socket: ByHand) => void> = {
      'by RST': socket => socket.reset(),
      'by FIN': socket => socket.socket.end(),
      'in the midst of a frame': socket => {
        socket.write(socket.frameOf('x'.repeat(1000)).subarray(0, 500))
        socket.socket.end()
      },
    }
    for (const [name, vanish] of Object.entries(ways)) {
      if (kind.isWhole && name === 'in the midst of a frame') continue
      it(`${name} lose what they held`, async () => {
        const socket = await kind.peer(door)
        await socket.ask(hello())
        await socket.ask([64, 1, {}, 'of.the.vanished'])
        const before = router.status().counters.protocol_violations
        vanish(socket)
        await socket.gone
        const other = await member()
        let answer = await other.ask([64, 1, {}, 'of.the.vanished'])
        for (let i = 2; i < 100 && answer[0] !== 65; i++) {
          await pause(10)
          answer = await other.ask([64, i, {}, 'of.the.vanished'])
        }
        expect(answer[0]).equal(65)
        expect(router.status().counters.protocol_violations, 'is no fault').equal(before)
        await other.close()
      })
    }
  })
}
