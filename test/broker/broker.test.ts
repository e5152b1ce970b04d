import { expect } from 'chai'
import fc from 'fast-check'
import type { Broker } from '../../src/broker/broker.ts'
import type { Subscription } from '../../src/broker/subscriptions.ts'
import type { Match } from '../../src/match/uri.ts'
import type { EventMessage, Publish, Subscribe, Unsubscribe } from '../../src/protocol/messages.ts'
import { type Dict, Payload } from '../../src/protocol/payload.ts'
import { Role, Rules } from '../../src/realm/authorize.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'
import { newBroker } from './new-broker.ts'

describe('the broker', () => {
  let broker: Broker
  let alice: Recorder
  let bob: Recorder
  let carol: Recorder

  beforeEach(() => {
    broker = newBroker()
    alice = new Recorder()
    bob = new Recorder()
    carol = new Recorder()
  })

  /** Subscribes and gives the subscription's id. */
  function subscribe(peer: Recorder, topic: string, match: Match = 'exact'): number {
    broker.subscribe(peer, messageOf([32, 7, { match }, topic]) as Subscribe, match)
    const [answer] = peer.take()
    expect(answer?.slice(0, 2)).deep.equal([33, 7])
    return answer?.[2] as number
  }

  /** Unsubscribes and gives the answer. */
  function unsubscribe(peer: Recorder, subscription: number): unknown[] | undefined {
    broker.unsubscribe(peer, messageOf([34, 8, subscription]) as Unsubscribe)
    return peer.take()[0]
  }

  function publish(peer: Recorder, topic: string, options: Dict = {}, ...payload: unknown[]): void {
    broker.publish(peer, messageOf([16, 9, options, topic, ...payload]) as Publish)
  }

  describe('on SUBSCRIBE', () => {
    it('answers a session that subscribes again with the same id', () => {
      const id = subscribe(alice, 'a.b')
      expect(subscribe(alice, 'a.b')).equal(id)
      publish(bob, 'a.b')
      expect(alice.take().length).equal(1)
      expect(unsubscribe(alice, id)).deep.equal([35, 8])
      publish(bob, 'a.b')
      expect(alice.take()).deep.equal([])
    })

    it('gives all sessions the same id for the same topic', () => {
      expect(subscribe(alice, 'a.b')).equal(subscribe(bob, 'a.b'))
    })

    it('gives different ids for different topics and for different kinds of match', () => {
      const ids = [
        subscribe(alice, 'a.b'),
        subscribe(alice, 'a.c'),
        subscribe(alice, 'A.b'),
        subscribe(alice, 'a.b', 'prefix'),
        subscribe(alice, 'a.b', 'wildcard'),
      ]
      expect(new Set(ids).size).equal(5)
    })
  })

  it('says which subscriptions a session has no more, so that it hears of no gaps in them', () => {
    const over: number[] = []
    Object.assign(alice, { unsubscribed: (id: number) => over.push(id) })
    const [first, second] = [subscribe(alice, 'a.b'), subscribe(alice, 'a.c')]
    unsubscribe(alice, second + 1000)
    expect(over).deep.equal([])
    unsubscribe(alice, first)
    broker.revoke(alice, broker.subscriptions.get(second) as Subscription, undefined)
    expect(over).deep.equal([first, second])
  })

  describe('on UNSUBSCRIBE', () => {
    const refused = [8, 34, 8, {}, 'wamp.error.no_such_subscription']

    it('sends no more events', () => {
      const id = subscribe(alice, 'a.b')
      expect(unsubscribe(alice, id)).deep.equal([35, 8])
      publish(bob, 'a.b')
      expect(alice.take()).deep.equal([])
    })

    it('refuses an id that it never gave', () => {
      expect(unsubscribe(alice, 4711)).deep.equal(refused)
    })

    it('refuses the second time', () => {
      const id = subscribe(alice, 'a.b')
      subscribe(bob, 'a.b')
      unsubscribe(alice, id)
      expect(unsubscribe(alice, id)).deep.equal(refused)
    })

    it('refuses a subscription that others hold, and leaves it to them', () => {
      const id = subscribe(alice, 'a.b')
      expect(unsubscribe(bob, id)).deep.equal(refused)
      publish(bob, 'a.b')
      expect(alice.take().length).equal(1)
    })

    it('concerns one of several subscriptions that meet a topic', () => {
      const exact = subscribe(alice, 'a.b')
      const prefix = subscribe(alice, 'a', 'prefix')
      unsubscribe(alice, exact)
      publish(bob, 'a.b')
      expect(alice.take().map(event => event[1])).deep.equal([prefix])
    })
  })

  describe('a subscription', () => {
    it('keeps its id while anybody holds it', () => {
      const id = subscribe(alice, 'a.b')
      subscribe(bob, 'a.b')
      unsubscribe(alice, id)
      expect(subscribe(carol, 'a.b')).equal(id)
    })

    it('goes with its last member, and its id is not given again', () => {
      for (const match of ['exact', 'prefix', 'wildcard'] as const) {
        const id = subscribe(alice, 'a.b', match)
        unsubscribe(alice, id)
        expect(subscribe(alice, 'a.b', match)).above(id)
      }
    })
  })

  describe('on PUBLISH', () => {
    it('sends the payload as it came', () => {
      const id = subscribe(alice, 'a.b')
      for (const payload of [[], [[1, null]], [[], { a: 1 }]]) {
        publish(bob, 'a.b', {}, ...payload)
        const [event] = alice.take()
        expect(event).deep.equal([36, id, event?.[2], {}, ...payload])
      }
    })

    it('passes on one payload and one message to all members, and never opens them', () => {
      subscribe(alice, 'a.b')
      subscribe(bob, 'a.b')
      const payload = new Payload(null, 1, new Uint8Array(0), 0, 0, null)
      payload.open = () => expect.fail('the broker looked inside')
      const message = messageOf([16, 1, {}, 'a.b']) as Publish
      broker.publish(carol, { ...message, payload })
      expect((alice.messages[0] as EventMessage).payload).equal(payload)
      expect(alice.shared[0]).equal(bob.shared[0])
    })

    it('answers only if that is asked for, and also when nobody listens', () => {
      for (const options of [
        {},
        { acknowledge: false },
        { acknowledge: 1 },
        { acknowledge: null },
      ]) {
        publish(bob, 'a.b', options)
        expect(bob.take()).deep.equal([])
      }
      publish(bob, 'a.b', { acknowledge: true })
      const [answer] = bob.take()
      expect(answer?.slice(0, 2)).deep.equal([17, 9])
      expect(answer?.[2]).within(1, 2 ** 53)
    })

    it('sends one event for each subscription that is met, all with the id of PUBLISHED', () => {
      const exact = subscribe(alice, 'a.b.c')
      const short = subscribe(alice, 'a', 'prefix')
      const long = subscribe(alice, 'a.b', 'prefix')
      const wildcard = subscribe(alice, 'a..c', 'wildcard')
      subscribe(alice, 'a.b.d')
      subscribe(alice, 'a.', 'wildcard')
      publish(bob, 'a.b.c', { acknowledge: true }, [1])
      const [[, , publication]] = bob.take() as [unknown[]]
      const topic = { topic: 'a.b.c' }
      expect(alice.take()).deep.equal([
        [36, exact, publication, {}, [1]],
        [36, short, publication, topic, [1]],
        [36, long, publication, topic, [1]],
        [36, wildcard, publication, topic, [1]],
      ])
    })

    it('gives each publication an id of its own', () => {
      subscribe(alice, 'a.b')
      for (let i = 0; i < 100; i++) publish(bob, 'a.b')
      expect(new Set(alice.take().map(event => event[2])).size).equal(100)
    })

    it('keeps the order of publications over all topics and kinds of match', () => {
      subscribe(alice, 'a.b')
      subscribe(alice, 'c', 'prefix')
      subscribe(alice, 'd.', 'wildcard')
      const topics = Array.from({ length: 99 }, (_, i) => ['a.b', 'c.d', 'd.e'][i % 3] as string)
      for (const [i, topic] of topics.entries()) {
        publish(bob, topic, { acknowledge: i % 2 === 0 }, [i])
      }
      expect(alice.take().map(event => event[4])).deep.equal(topics.map((_, i) => [i]))
    })

    it('leaves out the publisher unless exclude_me is false', () => {
      subscribe(alice, 'a.b')
      subscribe(alice, 'a', 'prefix')
      for (const options of [{}, { exclude_me: true }, { exclude_me: null }, { exclude_me: 0 }]) {
        publish(alice, 'a.b', options)
        expect(alice.take()).deep.equal([])
      }
      publish(alice, 'a.b', { exclude_me: false })
      expect(alice.take().length).equal(2)
    })

    it('leaves out the session that publishes, not others of its user', () => {
      const other = new Recorder({ authid: alice.authid })
      subscribe(other, 'a.b')
      publish(alice, 'a.b')
      expect(other.take().length).equal(1)
    })

    it('tells nothing of its options to those who listen', () => {
      subscribe(alice, 'a.b')
      publish(bob, 'a.b', { disclose_me: true, exclude: [5], retain: true, _own: 1 })
      expect(alice.take()[0]?.[3]).deep.equal({})
    })

    it('does not take names that mean something to JavaScript for anything special', () => {
      publish(bob, 'constructor')
      subscribe(alice, '__proto__')
      publish(bob, '__proto__')
      publish(bob, 'toString')
      expect(alice.take().length).equal(1)
    })
  })

  describe('with lists', () => {
    const role = (name: string) => new Role(name, new Rules([], 'loose'))
    const peers = [1, 2, 3, 4, 5, 6].map(
      id => new Recorder({ id, authid: `u${id % 3}`, role: role(`r${id % 2}`) }),
    )
    const some = (...values: unknown[]) =>
      fc.option(fc.subarray([...values, ...values]), { nil: undefined, freq: 2 })
    const ids = some(1, 2n, 3, 4n, 5, 6, 99)
    const authids = some('u0', 'u1', 'u2', 'nobody', '')
    const authroles = some('r0', 'r1', 'nobody')
    const lists = fc.record({
      eligible: ids,
      exclude: ids,
      eligible_authid: authids,
      exclude_authid: authids,
      eligible_authrole: authroles,
      exclude_authrole: authroles,
    })

    it('reaches those on whom all of them agree', () => {
      const excludeMe = fc.constantFrom(undefined, true, false)
      fc.assert(
        fc.property(lists, excludeMe, fc.nat({ max: 5 }), (lists, exclude_me, from) => {
          // All happens in one turn, and a broker does only so much in one.
          broker = newBroker()
          for (const peer of peers) {
            subscribe(peer, 'a.b')
            subscribe(peer, 'a', 'prefix')
          }
          const given = Object.entries({ ...lists, exclude_me })
          const options = Object.fromEntries(given.filter(([, value]) => value !== undefined))
          publish(peers[from] as Recorder, 'a.b', options)
          const has = (list: unknown[] | undefined, value: unknown) =>
            list?.map(item => (typeof item === 'bigint' ? Number(item) : item)).includes(value)
          for (const peer of peers) {
            const hears =
              (peer !== peers[from] || exclude_me === false) &&
              has(lists.eligible, peer.id) !== false &&
              has(lists.eligible_authid, peer.authid) !== false &&
              has(lists.eligible_authrole, peer.authrole) !== false &&
              !has(lists.exclude, peer.id) &&
              !has(lists.exclude_authid, peer.authid) &&
              !has(lists.exclude_authrole, peer.authrole)
            expect(peer.take().length, `session ${peer.id}`).equal(hears ? 2 : 0)
          }
        }),
        { numRuns: 3000 },
      )
    })

    it('admits nobody where the list of eligible ones is empty, and all where the other is', () => {
      subscribe(alice, 'a.b')
      for (const kind of ['', '_authid', '_authrole']) {
        publish(bob, 'a.b', { [`eligible${kind}`]: [] })
        expect(alice.take().length).equal(0)
        publish(bob, 'a.b', { [`exclude${kind}`]: [] })
        expect(alice.take().length).equal(1)
      }
    })

    it('refuses what is no list, or a list of something else, and reaches nobody', () => {
      subscribe(alice, 'a.b')
      const wrong = {
        '': ['1', 1, true, {}, [null], ['1'], [1, 'x'], [[1]], [{}]],
        _authid: ['u1', 1, true, {}, [null], [1], ['u1', 1], [['u1']]],
        _authrole: ['r1', 1, true, {}, [null], [1], ['r1', 1], [['r1']]],
      }
      for (const [kind, values] of Object.entries(wrong)) {
        for (const option of [`eligible${kind}`, `exclude${kind}`]) {
          for (const value of values) {
            publish(bob, 'a.b', { [option]: value })
            expect(bob.take()).deep.equal([])
            publish(bob, 'a.b', { [option]: value, acknowledge: true })
            const [answer] = bob.take()
            expect(answer?.slice(0, 5)).deep.equal([8, 16, 9, {}, 'wamp.error.invalid_argument'])
            expect(String(answer?.[5])).include(option)
          }
        }
      }
      expect(alice.take()).deep.equal([])
    })

    it('takes null for no list', () => {
      subscribe(alice, 'a.b')
      publish(bob, 'a.b', { eligible: null, exclude_authid: null })
      expect(alice.take().length).equal(1)
    })
  })

  describe('when a session leaves', () => {
    it('sends it nothing more, and keeps the subscriptions of others', () => {
      const id = subscribe(alice, 'a.b')
      subscribe(alice, 'a', 'prefix')
      subscribe(alice, '.b', 'wildcard')
      subscribe(bob, 'a.b')
      broker.leave(alice)
      publish(carol, 'a.b')
      expect(alice.take()).deep.equal([])
      expect(bob.take().map(event => event[1])).deep.equal([id])
    })

    it('keeps nothing of what only it held', () => {
      for (const match of ['exact', 'prefix', 'wildcard'] as const) {
        const id = subscribe(alice, 'a.b', match)
        broker.leave(alice)
        expect(unsubscribe(alice, id)?.[4]).equal('wamp.error.no_such_subscription')
        expect(subscribe(bob, 'a.b', match)).above(id)
      }
    })

    it('takes no harm if it held nothing, or leaves twice', () => {
      broker.leave(alice)
      broker.leave(alice)
      subscribe(bob, 'a.b')
      broker.leave(alice)
      publish(carol, 'a.b')
      expect(bob.take().length).equal(1)
    })
  })

  it('delivers as a list of who subscribed to what would', () => {
    type Held = { peer: number; match: Match; topic: string; id: number }
    const who = fc.nat({ max: 2 })
    const topic = fc.constantFrom('a', 'a.b', 'a.b.c', 'b', 'b.b')
    const match = fc.constantFrom<Match>('exact', 'prefix', 'wildcard')
    const step = fc.oneof(
      fc.record({ does: fc.constant('subscribe' as const), who, topic, match }),
      fc.record({ does: fc.constant('unsubscribe' as const), who, which: fc.nat() }),
      fc.record({ does: fc.constant('publish' as const), who, topic }),
      fc.record({ does: fc.constant('leave' as const), who }),
    )
    const meets = ({ match, topic }: Held, uri: string) =>
      match === 'prefix' ? uri.startsWith(topic) : uri === topic
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), steps => {
        broker = newBroker()
        const peers = [new Recorder(), new Recorder(), new Recorder()]
        let held: Held[] = []
        for (const step of steps) {
          const peer = peers[step.who] as Recorder
          if (step.does === 'subscribe') {
            const { topic, match } = step
            const id = subscribe(peer, topic, match)
            const same = held.filter(h => h.topic === topic && h.match === match)
            if (same[0] !== undefined) expect(id).equal(same[0].id)
            if (!same.some(h => h.peer === step.who))
              held.push({ peer: step.who, match, topic, id })
          } else if (step.does === 'unsubscribe') {
            const id = held[step.which % (held.length + 1)]?.id ?? 4711
            const mine = held.find(h => h.peer === step.who && h.id === id)
            expect(unsubscribe(peer, id)?.[0]).equal(mine === undefined ? 8 : 35)
            held = held.filter(h => h !== mine)
          } else if (step.does === 'leave') {
            broker.leave(peer)
            held = held.filter(h => h.peer !== step.who)
          } else {
            publish(peer, step.topic, { exclude_me: false })
            peers.forEach((peer, i) => {
              const wanted = held.filter(h => h.peer === i && meets(h, step.topic)).map(h => h.id)
              const heard = peer.take().map(event => event[1] as number)
              expect(heard.sort((a, b) => a - b)).deep.equal(wanted.sort((a, b) => a - b))
            })
          }
        }
      }),
      { numRuns: 1000 },
    )
  })
})
