import { expect } from 'chai'
import { SUBSCRIBER_HEARS_REVOCATION } from '../../src/protocol/features.ts'
import { unrestricted } from '../../src/realm/authorize.ts'
import type { Recorder } from '../helpers/recorder.ts'
import { RealmWithAdmin } from './realm-with-admin.ts'

const NONE = 'wamp.error.no_such_subscription'
const INVALID = 'wamp.error.invalid_argument'

describe('the subscription meta API', () => {
  let world: RealmWithAdmin
  let alice: Recorder
  let bob: Recorder

  beforeEach(() => {
    world = new RealmWithAdmin()
    alice = world.join()
    bob = world.join()
  })

  const call = (name: string, ...payload: unknown[]) =>
    world.call(world.admin, `wamp.subscription.${name}`, ...payload)

  /** Name and args of the meta events that have come. */
  const told = (watcher: Recorder) =>
    watcher
      .take()
      .map(([, , , details, args]) => [
        (details as { topic: string }).topic.slice('wamp.subscription.'.length),
        args,
      ])

  it('lists subscriptions by the kind of match', () => {
    expect(call('list')).deep.equal([{ exact: [], prefix: [], wildcard: [] }])
    const exact = [world.subscribe(alice, 'a.b'), world.subscribe(bob, 'a.c')]
    const prefix = [world.subscribe(bob, 'a', { match: 'prefix' })]
    const wildcard = [world.subscribe(bob, 'a.', { match: 'wildcard' })]
    expect(call('list')).deep.equal([{ exact, prefix, wildcard }])
  })

  it('looks a subscription up by its pattern', () => {
    const exact = world.subscribe(alice, 'a.b')
    const prefix = world.subscribe(alice, 'a.b', { match: 'prefix' })
    expect(call('lookup', ['a.b'])).deep.equal([exact])
    expect(call('lookup', ['a.b', { match: 'prefix' }])).deep.equal([prefix])
    expect(call('lookup', ['a.b', { match: 'wildcard' }])).deep.equal([null])
    expect(call('lookup', ['a.b', { match: 'regex' }])).equal(INVALID)
    expect(call('lookup', ['a.b', 7])).equal(INVALID)
    expect(call('lookup')).equal(INVALID)
  })

  it('matches a topic with all subscriptions that its events reach', () => {
    const ids = [
      world.subscribe(alice, 'a.b'),
      world.subscribe(alice, 'a', { match: 'prefix' }),
      world.subscribe(bob, '.b', { match: 'wildcard' }),
    ]
    world.subscribe(bob, 'a.c')
    expect(call('match', ['a.b'])).deep.equal([ids])
    expect(call('match', ['x'])).deep.equal([null])
    world.subscribe(bob, '', { match: 'prefix' })
    expect(call('match', ['wamp.session.on_join'])).deep.equal([null])
    const meta = world.subscribe(bob, 'wamp.session.on_join')
    expect(call('match', ['wamp.session.on_join'])).deep.equal([[meta]])
    expect(call('match', [7])).equal(INVALID)
  })

  it('tells of a subscription and who holds it', () => {
    world.clock.pass(1000)
    const id = world.subscribe(alice, 'a.b', { match: 'prefix' })
    world.clock.pass(1000)
    world.subscribe(bob, 'a.b', { match: 'prefix' })
    const created = '1970-01-01T00:00:01.000Z'
    expect(call('get', [id])).deep.equal([{ id, created, uri: 'a.b', match: 'prefix' }])
    expect(call('list_subscribers', [id])).deep.equal([[alice.id, bob.id]])
    expect(call('count_subscribers', [BigInt(id)])).deep.equal([2])
    for (const name of ['get', 'list_subscribers', 'count_subscribers']) {
      expect(call(name, [4711])).equal(NONE)
      expect(call(name, ['1'])).equal(INVALID)
      expect(call(name)).equal(INVALID)
    }
  })

  it('tells what becomes of subscriptions, in order', () => {
    world.subscribe(world.admin, 'wamp.subscription.', { match: 'prefix' })
    const id = world.subscribe(alice, 'a.b')
    const details = { id, created: '1970-01-01T00:00:00.000Z', uri: 'a.b', match: 'exact' }
    expect(told(world.admin)).deep.equal([
      ['on_create', [alice.id, details]],
      ['on_subscribe', [alice.id, id]],
    ])
    world.subscribe(alice, 'a.b')
    expect(told(world.admin)).deep.equal([])
    world.subscribe(bob, 'a.b')
    expect(told(world.admin)).deep.equal([['on_subscribe', [bob.id, id]]])
    world.say(alice, 34, id)
    expect(told(world.admin)).deep.equal([['on_unsubscribe', [alice.id, id]]])
    world.realm.leave(bob)
    expect(told(world.admin)).deep.equal([
      ['on_unsubscribe', [bob.id, id]],
      ['on_delete', [bob.id, id]],
    ])
  })

  it('tells nothing of who watches, and nothing by wide patterns', () => {
    world.subscribe(world.admin, 'wamp.subscription.', { match: 'prefix' })
    world.subscribe(bob, '', { match: 'prefix' })
    world.admin.take()
    const id = world.subscribe(alice, 'wamp.subscription.on_create')
    world.say(alice, 34, id)
    expect([told(world.admin), told(bob)]).deep.equal([[], []])
  })

  describe('takes a session off a subscription', () => {
    it('and says so to who announced that it can hear it', () => {
      const hearing = world.join({ features: SUBSCRIBER_HEARS_REVOCATION })
      const id = world.subscribe(hearing, 'a.b')
      world.subscribe(alice, 'a.b')
      expect(call('remove_subscriber', [id, hearing.id], { reason: 'a.why' })).deep.equal([])
      expect(call('remove_subscriber', [id, alice.id])).deep.equal([])
      world.publish(bob, 'a.b')
      expect(hearing.take()).deep.equal([[35, 0, { subscription: id, reason: 'a.why' }]])
      expect(alice.take()).deep.equal([])
      expect(call('get', [id])).equal(NONE)
    })

    it('and tells of it as of an UNSUBSCRIBE', () => {
      const id = world.subscribe(alice, 'a.b')
      world.subscribe(bob, 'wamp.subscription.', { match: 'prefix' })
      call('remove_subscriber', [id, alice.id])
      expect(told(bob)).deep.equal([
        ['on_unsubscribe', [alice.id, id]],
        ['on_delete', [alice.id, id]],
      ])
    })

    it('and refuses what is not there or makes no sense', () => {
      const id = world.subscribe(alice, 'a.b')
      expect(call('remove_subscriber', [4711, alice.id])).equal(NONE)
      expect(call('remove_subscriber', [id, bob.id])).equal(NONE)
      expect(call('remove_subscriber', [id, 4711])).equal('wamp.error.no_such_session')
      expect(call('remove_subscriber', [id])).equal(INVALID)
      expect(call('remove_subscriber', [id, alice.id], { reason: 'a..b' })).equal(
        'wamp.error.invalid_uri',
      )
      expect(call('count_subscribers', [id])).deep.equal([1])
    })
  })

  it('shows the subscriptions of histories from the start, which never go', () => {
    world = new RealmWithAdmin({ event_history: [{ uri: 'a', match: 'prefix' }] })
    alice = world.join({ role: unrestricted('r', 'loose') })
    expect(call('lookup', ['a', { match: 'prefix' }])).deep.equal([1])
    world.subscribe(world.admin, 'wamp.subscription.', { match: 'prefix' })
    expect(world.subscribe(alice, 'a', { match: 'prefix' })).equal(1)
    world.say(alice, 34, 1)
    expect(told(world.admin).map(([name]) => name)).deep.equal(['on_subscribe', 'on_unsubscribe'])
    expect(call('count_subscribers', [1])).deep.equal([0])
  })
})

describe('wampd.retained.purge', () => {
  it('drops what is retained for the topics that meet a pattern, and counts them', () => {
    const world = new RealmWithAdmin()
    for (const topic of ['a.b', 'a.c', 'b.c']) world.publish(world.admin, topic, { retain: true })
    const purge = (...args: unknown[]) => world.call(world.admin, 'wampd.retained.purge', args)
    expect(purge('a.b')).deep.equal([1])
    expect(purge('a.b')).deep.equal([0])
    expect(purge('.c', { match: 'wildcard' })).deep.equal([2])
    expect(purge()).equal(INVALID)
    world.subscribe(world.admin, '', { match: 'prefix', get_retained: true })
    expect(world.admin.take()).deep.equal([])
  })
})
