import { expect } from 'chai'
import fc from 'fast-check'
import type { Broker } from '../../src/broker/broker.ts'
import { MATCHES, type Match } from '../../src/match/uri.ts'
import type { Publish, Subscribe, Unsubscribe } from '../../src/protocol/messages.ts'
import { type Dict, Payload } from '../../src/protocol/payload.ts'
import { Role, Rules } from '../../src/realm/authorize.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'
import { newBroker } from './new-broker.ts'

const GET = { get_retained: true }

describe('retained events', () => {
  let broker: Broker
  let publisher: Recorder

  beforeEach(() => {
    broker = newBroker()
    publisher = new Recorder()
  })

  function publish(topic: string, options: Dict, ...payload: unknown[]): void {
    const given = { retain: true, ...options }
    broker.publish(publisher, messageOf([16, 1, given, topic, ...payload]) as Publish)
  }

  /** What a session gets that subscribes, SUBSCRIBED first. */
  function subscribe(
    topic: string,
    options: Dict = GET,
    match: Match = 'exact',
    peer = new Recorder(),
  ): unknown[][] {
    broker.subscribe(peer, messageOf([32, 2, options, topic]) as Subscribe, match)
    return peer.take()
  }

  /** The first argument of each retained event that a session gets. */
  function values(peer: Recorder, topic: string, match: Match = 'exact'): unknown[] {
    peer.take() // what came live
    const [, ...events] = subscribe(topic, GET, match, peer)
    return events.map(event => (event[4] as unknown[])[0]).sort()
  }

  it('come after SUBSCRIBED, with their own publication id, and say that they are', () => {
    publish('a.b', { acknowledge: true }, [21], { unit: 'C' })
    const [[, , publication]] = publisher.take() as [unknown[]]
    const [subscribed, event, ...rest] = subscribe('a.b')
    const id = subscribed?.[2]
    expect(subscribed).deep.equal([33, 2, id])
    expect(event).deep.equal([36, id, publication, { retained: true }, [21], { unit: 'C' }])
    expect(rest).deep.equal([])
  })

  it('come in the way of other events, which tells of the gap before them', () => {
    publish('a.b', {}, [1])
    const peer = new Recorder()
    expect(subscribe('a.b', GET, 'exact', peer).length).equal(2)
    expect(peer.shared.length).equal(1)
  })

  it('are sent only to who asks for them, each time it does', () => {
    publish('a.b', {}, [1])
    for (const options of [{}, { get_retained: false }, { get_retained: 1 }]) {
      expect(subscribe('a.b', options).length).equal(1)
    }
    const peer = new Recorder()
    expect([values(peer, 'a.b'), values(peer, 'a.b')]).deep.equal([[1], [1]])
    expect(subscribe('a.c').length).equal(1)
  })

  it('are the last that were to be retained; others store nothing and replace nothing', () => {
    publish('a.b', {}, [1])
    publish('a.b', {}, [2])
    for (const retain of [false, null, 1, 'true']) publish('a.b', { retain }, [3])
    expect(values(new Recorder(), 'a.b')).deep.equal([2])
  })

  it('are delivered live like any other, without a mark', () => {
    const peer = new Recorder()
    subscribe('a.b', GET, 'exact', peer)
    publish('a.b', {}, [1])
    expect(peer.take().map(event => event.slice(3))).deep.equal([[{}, [1]]])
  })

  it('stay when the publisher leaves', () => {
    publish('a.b', {}, [1])
    broker.leave(publisher)
    expect(values(new Recorder(), 'a.b')).deep.equal([1])
  })

  it('come for every topic that a pattern meets, and say for which', () => {
    for (const [i, topic] of ['a.b', 'a.c', 'a.b.c', 'b.b'].entries()) publish(topic, {}, [i])
    expect(values(new Recorder(), 'a.', 'prefix')).deep.equal([0, 1, 2])
    expect(values(new Recorder(), '.b', 'wildcard')).deep.equal([0, 3])
    const [, event] = subscribe('b', GET, 'prefix')
    expect(event?.[3]).deep.equal({ topic: 'b.b', retained: true })
  })

  it('keep what was said of the publisher', () => {
    const message = messageOf([16, 1, { retain: true }, 'a.b', [1]]) as Publish
    broker.publish(publisher, message, true, 3)
    const { id, authid, authrole } = publisher
    const identity = { publisher: id, publisher_authid: authid, publisher_authrole: authrole }
    const [, event] = subscribe('a.b')
    expect(event?.[3]).deep.equal({ ...identity, trustlevel: 3, retained: true })
  })

  it('have bytes of their own: the frame that they came in dies', () => {
    const frame = Uint8Array.of(1, 2, 3, 4)
    const codec = {
      openTail: (bytes: Uint8Array) => ({ args: [...bytes] }),
      closeTail: () => expect.fail('nothing is written'),
    }
    const payload = new Payload(codec, 1, frame, 1, 3, null)
    const message = messageOf([16, 1, { retain: true }, 'a.b']) as Publish
    broker.publish(publisher, { ...message, payload })
    frame.fill(9)
    expect(values(new Recorder(), 'a.b')).deep.equal([2])
  })

  it('come in parts where they are many, each once, and no older than what came meanwhile', async () => {
    for (let i = 0; i < 2000; i++) publish(`a.${i}`, {}, [i])
    const peer = new Recorder()
    const [, ...first] = subscribe('a.', GET, 'prefix', peer)
    expect(first.length).within(1, 1000)
    for (let i = 0; i < 2000; i++) publish(`a.${i}`, {}, ['new', i])
    for (let i = 0; i < 30; i++) await new Promise(resolve => setImmediate(resolve))
    const rest = peer.take()
    expect(rest.filter(event => (event[3] as Dict).retained === true)).deep.equal([])
    expect(rest.length).equal(2000)
    const gone = new Recorder()
    const [subscribed] = subscribe('a.', GET, 'prefix', gone)
    const message = messageOf([34, 3, subscribed?.[2]])
    broker.unsubscribe(gone, message as Unsubscribe)
    gone.take()
    for (let i = 0; i < 30; i++) await new Promise(resolve => setImmediate(resolve))
    expect(gone.take()).deep.equal([])
  })

  it('that a subscriber cannot read are left out, and the others come', () => {
    for (const topic of ['a.a', 'a.b', 'a.c']) publish(topic, {}, [topic])
    const peer = new Recorder()
    peer.refuses = message => (message as unknown as Dict).type === 36 && topicOf(message) === 'a.b'
    expect(values(peer, 'a.', 'prefix')).deep.equal(['a.a', 'a.c'])
  })

  describe('with lists', () => {
    const role = (name: string) => new Role(name, new Rules([], 'loose'))
    const alice = new Recorder({ authid: 'alice', role: role('admin') })
    const bob = new Recorder({ authid: 'bob', role: role('user') })

    it('come to who may hear them, and the newest that all may hear to the others', () => {
      publish('a.b', {}, ['old'])
      publish('a.b', {}, ['all'])
      publish('a.b', { eligible_authid: ['alice'] }, ['alice'])
      expect([values(alice, 'a.b'), values(bob, 'a.b')]).deep.equal([['alice'], ['all']])
      publish('a.b', { exclude_authrole: ['admin'] }, ['users'])
      expect([values(alice, 'a.b'), values(bob, 'a.b')]).deep.equal([['all'], ['users']])
      publish('a.b', {}, ['new'])
      expect([values(alice, 'a.b'), values(bob, 'a.b')]).deep.equal([['new'], ['new']])
    })

    it('come to nobody else where there is no other', () => {
      publish('a.b', { eligible: [alice.id] }, ['secret'])
      publish('a.c', { eligible: [] }, ['secret'])
      expect(values(alice, 'a', 'prefix')).deep.equal(['secret'])
      expect(values(bob, 'a', 'prefix')).deep.equal([])
    })

    it('are heard by exactly those who would have heard them live', () => {
      const peers = [1, 2, 3, 4].map(
        id => new Recorder({ id, authid: `u${id % 2}`, role: role(`r${id % 3}`) }),
      )
      const some = (...values: unknown[]) => fc.option(fc.subarray(values), { nil: undefined })
      const lists = fc.record({
        eligible: some(1, 2, 3, 99),
        exclude: some(1, 4, 99),
        eligible_authid: some('u0', 'u1', 'x'),
        exclude_authid: some('u0', 'x'),
        eligible_authrole: some('r0', 'r1', 'x'),
        exclude_authrole: some('r2', 'x'),
      })
      fc.assert(
        fc.property(lists, fc.constantFrom(...MATCHES), (lists, match) => {
          broker = newBroker()
          for (const peer of peers) subscribe('a.b', {}, 'exact', peer)
          const given = Object.entries(lists).filter(([, list]) => list !== undefined)
          publish('a.b', Object.fromEntries(given), ['x'])
          for (const peer of peers) {
            const live = peer.take().length
            expect(values(peer, 'a.b', match).length, `session ${peer.id}`).equal(live)
          }
        }),
        { numRuns: 1000 },
      )
    })
  })

  describe('are bounded', () => {
    it('by number: the topics that were not written to for longest go', () => {
      broker = newBroker({ options: { retained_events: { limit: 2 } } })
      for (const topic of ['a.1', 'a.2', 'a.1', 'a.3']) publish(topic, {}, [topic])
      expect(values(new Recorder(), 'a', 'prefix')).deep.equal(['a.1', 'a.3'])
    })

    it('by bytes, and an event that is too large for all is not kept', () => {
      broker = newBroker({ options: { retained_events: { max_bytes: 3000 } } })
      for (const topic of ['a.1', 'a.2', 'a.3']) publish(topic, {}, [topic, 'x'.repeat(1000)])
      expect(values(new Recorder(), 'a', 'prefix')).deep.equal(['a.2', 'a.3'])
      publish('a.4', {}, ['a.4', 'x'.repeat(4000)])
      expect(values(new Recorder(), 'a', 'prefix')).deep.equal([])
    })

    it('by age', () => {
      const clock = new FakeClock()
      broker = newBroker({ clock, options: { retained_events: { max_age: 1000 } } })
      publish('a.1', {}, [1])
      clock.pass(600)
      publish('a.2', { eligible_authid: ['x'] }, [2])
      publish('a.3', {}, [3])
      clock.pass(401)
      const x = new Recorder({ authid: 'x' })
      expect(values(x, 'a', 'prefix')).deep.equal([2, 3])
      clock.pass(600)
      expect(values(x, 'a', 'prefix')).deep.equal([])
    })
  })
})

function topicOf(message: object): unknown {
  return (message as { details: Dict }).details.topic
}
