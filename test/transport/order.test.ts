import { expect } from 'chai'
import { createRouter, type Router } from '../../src/router.ts'
import { hangUp, member, PROTOCOLS, type RawClient } from '../helpers/raw-client.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

const turn = () => new Promise(resolve => setImmediate(resolve))

for (const transport of TRANSPORTS) {
  for (const protocol of PROTOCOLS) {
    describe(`order over ${transport} and ${protocol}`, () => {
      let router: Router
      let url: string
      let publisher: RawClient
      let subscriber: RawClient

      before(async () => {
        router = createRouter({ development: true })
        url = (await router.listen({ port: 0, transport })).url
      })
      after(() => router.close())
      beforeEach(async () => {
        publisher = await member(url)
        subscriber = await member(url, protocol)
      })
      afterEach(async () => {
        await publisher.close()
        await subscriber.close()
        hangUp()
      })

      /** All messages of a client up to the answer to a last request. */
      async function allOf(client: RawClient): Promise<unknown[][]> {
        client.send([66, 999_999, 1])
        const messages: unknown[][] = []
        for (;;) {
          const message = await client.next()
          if (message[2] === 999_999) return messages
          messages.push(message)
        }
      }

      it('SUBSCRIBED comes before the first EVENT, however fast one publishes', async () => {
        const local = router.session('realm1')
        const count = 400
        for (let i = 1; i <= count; i++) {
          subscriber.send([32, i, {}, `flood.${i}`])
          publisher.send([16, i, {}, `flood.${i}`, [i]])
          for (let j = i - 10; j <= i; j++) await local.publish(`flood.${j}`, [j])
          publisher.send([16, count + i, { acknowledge: true }, `flood.${i}`, [i]])
          if (i % 7 === 0) await turn()
        }
        await allOf(publisher)
        const topics = new Map<unknown, unknown>()
        const heard = new Set()
        for (const message of await allOf(subscriber)) {
          const [type, first, second] = message
          if (type === 33) topics.set(second, first)
          else {
            expect(type).equal(36)
            expect(topics.has(first), `subscription ${first} is known`).equal(true)
            expect(message[4]).deep.equal([topics.get(first)])
            heard.add(first)
          }
        }
        expect(topics.size).equal(count)
        expect(heard.size, 'subscriptions that got events').above(count / 4)
        local.close()
      })

      it('events of a publisher come in its order, over all topics and patterns', async () => {
        subscriber.send([32, 1, {}, 'order.a'])
        subscriber.send([32, 2, {}, 'order.b.c'])
        subscriber.send([32, 3, { match: 'prefix' }, 'order.'])
        subscriber.send([32, 4, { match: 'wildcard' }, 'order.b.'])
        const ids = (await subscriber.take(4)).map(message => message[2])
        // Which of the four meet a topic.
        const topics: Record<string, number[]> = {
          'order.a': [0, 2],
          'order.b.c': [1, 2, 3],
          'order.b.d': [2, 3],
          'order.e': [2],
        }
        const names = Object.keys(topics)
        const expected: unknown[] = []
        for (let i = 1; i <= 500; i++) {
          const topic = names[(i * 7 + (i >> 3)) % names.length] as string
          publisher.send([16, i, { acknowledge: i % 3 === 0 }, topic, [i]])
          for (const at of topics[topic] as number[]) expected.push([i, ids[at]])
          if (i % 50 === 0) await turn()
        }
        const acknowledged = (await allOf(publisher)).map(message => message[1])
        expect(acknowledged).deep.equal(Array.from({ length: 166 }, (_, i) => 3 * (i + 1)))
        const events = (await allOf(subscriber)).map(event => [(event[4] as number[])[0], event[1]])
        const byPublication = (a: number[], b: number[]) =>
          (a[0] as number) - (b[0] as number) || (a[1] as number) - (b[1] as number)
        // Between the events of one publication any order will do, between publications only one.
        expect(events.map(event => event[0])).deep.equal(expected.map(row => (row as number[])[0]))
        expect((events as number[][]).sort(byPublication)).deep.equal(
          (expected as number[][]).sort(byPublication),
        )
      })

      it('answers and events of one session keep the order of their causes', async () => {
        const own = { exclude_me: false }
        for (const message of [
          [32, 1, {}, 'mine'],
          [16, 2, own, 'mine', [1]],
          [48, 3, {}, 'no.such.procedure'],
          [16, 4, { ...own, acknowledge: true }, 'mine', [2]],
          [64, 5, {}, 'mine'],
          [16, 6, own, 'mine', [3]],
          [32, 7, { match: 'prefix' }, 'mine'],
        ]) {
          subscriber.send(message)
        }
        const [subscribed, ...rest] = await subscriber.take(8)
        const id = subscribed?.[2]
        const brief = rest.map(message => message.slice(0, message[0] === 36 ? 2 : 1))
        expect(subscribed?.[0]).equal(33)
        expect(brief).deep.equal([[36, id], [8], [36, id], [17], [65], [36, id], [33]])
      })

      it('what a callee publishes stays before and behind its result', async () => {
        await publisher.ask([64, 1, {}, 'work'])
        await subscriber.ask([32, 1, {}, 'progress'])
        for (let call = 1; call <= 50; call++) {
          subscriber.send([48, call, {}, 'work'])
          const [, invocation] = await publisher.next()
          publisher.send([16, 3 * call, {}, 'progress', ['before']])
          publisher.send([70, invocation, {}, ['done']])
          publisher.send([16, 3 * call + 1, {}, 'progress', ['behind']])
          const [before, result, behind] = await subscriber.take(3)
          expect(before?.[4]).deep.equal(['before'])
          expect(result).deep.equal([50, call, {}, ['done']])
          expect(behind?.[4]).deep.equal(['behind'])
        }
      })

      it('no event comes after UNSUBSCRIBED', async () => {
        const local = router.session('realm1')
        let over = false
        const flood = (async () => {
          for (let i = 1; !over; i++) {
            for (let j = 0; j < 5; j++) await local.publish('leaving', [i])
            publisher.send([16, i, {}, 'leaving', [i]])
            await turn()
          }
        })()
        for (let round = 0; round < 60; round++) {
          subscriber.send([32, 2 * round + 1, {}, 'leaving'])
          let message = await subscriber.next()
          while (message[0] !== 33) message = await subscriber.next()
          await turn()
          subscriber.send([34, 2 * round + 2, message[2]])
          while (message[0] !== 35) message = await subscriber.next()
          subscriber.send([48, 1000 + round, {}, 'no.such.procedure'])
          expect((await subscriber.next())[0], 'what comes after UNSUBSCRIBED').equal(8)
        }
        over = true
        await flood
        local.close()
      })
    })
  }
}
