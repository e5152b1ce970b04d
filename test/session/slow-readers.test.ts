import { expect } from 'chai'
import type { ListenOptions } from '../../src/doors.ts'
import { createRouter, type Router, type RouterOptions } from '../../src/router.ts'
import { errorLog } from '../helpers/error-log.ts'
import {
  connect,
  eventually,
  hangUp,
  hello,
  member,
  type RawClient,
  type Wamp,
} from '../helpers/raw-client.ts'
import { CLOSE, type RawSocket, upgraded } from '../helpers/raw-socket.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

const LIMIT = 256 << 10
/** More than the kernel takes of a reader that is frozen, by far. */
const FLOOD = 24 << 20
const TEXT = 'x'.repeat(20_000)
const COUNT = Math.floor(FLOOD / TEXT.length)

/** An EVENT that tells a number, or of a gap. */
type Event = [36, number, number, object, [number | { count: number }]]

for (const transport of TRANSPORTS) {
  describe(`slow readers over ${transport}`, () => {
    let router: Router
    let port: number
    let url: string

    async function start(options: ListenOptions = {}, keys: RouterOptions = {}): Promise<void> {
      router = createRouter({ development: true, logger: errorLog(), ...keys })
      const sendBuffer = { limit: LIMIT, policy: 'drop' } as const
      const listening = await router.listen({ port: 0, transport, sendBuffer, ...options })
      port = listening.port
      url = listening.url
    }

    afterEach(async () => {
      hangUp()
      await router.close({ grace: 0 })
    })

    /** A session that reads nothing until its socket is resumed. */
    async function frozen(...requests: Wamp[]): Promise<RawSocket> {
      const socket = await upgraded(port)
      await socket.ask(hello())
      for (const request of requests) await socket.ask(request)
      socket.socket.pause()
      return socket
    }

    /** Publishes from a session that hears when each is through. */
    async function flood(topic: string): Promise<RawClient> {
      const publisher = await member(url)
      for (let i = 1; i <= COUNT; i++) {
        publisher.send([16, i, { acknowledge: i % 5 === 0 }, topic, [i, TEXT]])
        if (i % 5 === 0) await publisher.next()
      }
      return publisher
    }

    const counters = () => router.status().counters

    it('miss events by policy drop, and hear which, while the others miss none', async () => {
      await start()
      const slow = await frozen([32, 1, {}, 'wampd.session.on_gap'], [32, 2, {}, 'flood'])
      const quick = await member(url)
      await quick.ask([32, 1, {}, 'flood'])
      const heard = (async () => {
        for (let i = 1; i <= COUNT; i++) expect(((await quick.next())[4] as number[])[0]).equal(i)
      })()
      const publisher = await flood('flood')
      await heard
      expect(counters())
        .include({ gaps_told: 0, too_slow: 0 })
        .property('events_dropped')
        .above(100)
      slow.socket.resume()
      await eventually('the gap is told', () => counters().gaps_told === 1)
      await publisher.ask([16, COUNT + 1, { acknowledge: true }, 'flood', [COUNT + 1]])
      const read: number[] = []
      let missed = 0
      for (let i = 0; i < COUNT && read.at(-1) !== COUNT + 1; i++) {
        const [, subscription, , , [said]] = (await slow.message()) as Wamp & Event
        if (subscription === 2) read.push(said as number)
        else {
          missed = (said as { count: number }).count
          for (let n = 0; n < missed; n++) read.push((read.at(-1) as number) + 1)
        }
      }
      expect(read).deep.equal(Array.from({ length: COUNT + 1 }, (_, i) => i + 1))
      expect(missed).equal(counters().events_dropped)
    })

    it('that are callees get no more calls, and their callers hear so at once', async () => {
      await start()
      const slow = await frozen([64, 1, {}, 'of.the.slow'])
      const caller = await member(url)
      let answer: Wamp = [0]
      for (let i = 1; i <= COUNT; i++) caller.send([48, i, {}, 'of.the.slow', [TEXT]])
      answer = await caller.next()
      expect([answer[0], answer[4]]).deep.equal([8, 'wamp.error.unavailable'])
      expect((answer[5] as string[])[0]).match(
        /^the callee reads too slowly: \d+ bytes wait for it$/,
      )
      expect(counters().too_slow).equal(0)
      slow.socket.resume()
    })

    it('that share a procedure leave its calls to those who read', async () => {
      await start()
      await frozen([64, 1, { invoke: 'roundrobin' }, 'shared'])
      const quick = await member(url)
      await quick.ask([64, 1, { invoke: 'roundrobin' }, 'shared'])
      const caller = await member(url)
      for (let i = 1; i <= COUNT; i++) {
        caller.send([48, i, {}, 'shared', [TEXT]])
        if (i % 5 === 0) await caller.ask([32, 1, {}, 'a.b'])
      }
      const got = await quick.take(COUNT - 400)
      expect(new Set(got.map(([type]) => type))).deep.equal(new Set([68]))
    })

    it('that are callers are cut off, for their answers must not be lost', async () => {
      await start()
      const quick = await member(url)
      await quick.ask([64, 1, {}, 'of.the.quick'])
      quick.socket.on('message', data => {
        const [type, request] = JSON.parse(data.toString())
        if (type === 68) quick.send([70, request, {}, [TEXT]])
      })
      const slow = await frozen()
      for (let i = 1; i <= COUNT; i++) slow.send([48, i, {}, 'of.the.quick'])
      await eventually('it is cut off', () => counters().too_slow === 1)
      slow.socket.resume()
      let last = await slow.frame()
      while (last !== null && last.opcode !== CLOSE) last = await slow.frame()
      expect(last?.payload.readUInt16BE(0)).equal(1008)
      const reason = last?.payload.subarray(2).toString()
      expect(reason).match(/^too slow: \d+ bytes waited to be read, 262144 may$/)
    })

    it('are cut off by policy disconnect, and their callers get an answer', async () => {
      await start({ sendBuffer: LIMIT })
      await frozen([64, 1, {}, 'of.the.slow'])
      const caller = await member(url)
      for (let i = 1; i <= COUNT; i++) caller.send([48, i, {}, 'of.the.slow', [TEXT]])
      const answers = await caller.take(COUNT)
      const errors = new Set(answers.map(([, , , , error]) => error))
      expect([...errors].sort()).deep.equal([
        'wamp.error.canceled',
        'wamp.error.no_such_procedure',
        'wamp.error.unavailable',
      ])
      expect(counters().too_slow).equal(1)
    })

    it('are cut off where the memory of all is short', async () => {
      await start({ sendBuffer: 64 << 20 })
      await frozen([32, 1, {}, 'flood'])
      const publisher = await member(url)
      // The process has more than this already.
      router.reload({ memory: { limit: '64MB' } })
      for (let i = 1; i <= COUNT; i++) {
        const [type] = await publisher.ask([16, i, { acknowledge: true }, 'flood', [i, TEXT]])
        expect(type).equal(17)
      }
      await eventually('it is cut off', () => counters().cut_by_memory === 1)
      expect(counters()).include({ cut_by_memory: 1, too_slow: 0 })
      expect((await publisher.ask([32, COUNT + 1, {}, 'a.b']))[0]).equal(33)
    })

    it('are not the only ones: callers are cut off whose calls wait with much', async () => {
      await start()
      const quick = await member(url)
      await quick.ask([64, 1, { concurrency: 1 }, 'one.at.a.time'])
      const caller = await member(url)
      router.reload({ memory: { limit: '64MB' } })
      for (let i = 1; i <= 50; i++) caller.send([48, i, {}, 'one.at.a.time', [TEXT]])
      await eventually('it is cut off', () => counters().cut_by_memory === 1)
      expect((await quick.next())[0]).equal(68)
      expect((await quick.ask([32, 2, {}, 'a.b']))[0]).equal(33)
    })

    it('are refused where memory is short, and may come back', async () => {
      await start({}, { memory: { limit: '64MB' } })
      const socket = await connect(url)
      socket.send(hello())
      const { code, reason } = await socket.closed
      expect([code, reason]).deep.equal([1013, 'memory is short: try again later'])
      expect(counters().refused_by_memory).equal(1)
      router.reload({ memory: { limit: '100%' } })
      await (await connect(url)).join()
    })
  })
}
