import { expect } from 'chai'
import { ProtocolViolation } from '../../src/protocol/errors.ts'
import type { Dict } from '../../src/protocol/payload.ts'
import { Role, Rules, unrestricted } from '../../src/realm/authorize.ts'
import type { Recorder } from '../helpers/recorder.ts'
import { RealmWithAdmin } from './realm-with-admin.ts'

const INVALID = 'wamp.error.invalid_argument'

describe('testaments', () => {
  let world: RealmWithAdmin
  let alice: Recorder
  let heir: Recorder

  beforeEach(() => {
    world = new RealmWithAdmin()
    alice = world.join()
    heir = world.join({ role: unrestricted('heir', 'loose') })
    world.subscribe(heir, 'a', { match: 'prefix' })
  })

  const add = (args: unknown[], kwargs: Dict = {}, who = alice) =>
    world.call(who, 'wamp.session.add_testament', args, kwargs)
  const flush = (kwargs: Dict = {}) =>
    world.call(alice, 'wamp.session.flush_testaments', [], kwargs)
  /** Topic and payload of what the heir got. */
  const left = () =>
    heir.take().map(([, , , details, ...payload]) => [(details as Dict).topic, ...payload])

  it('are published when the session ends, detached ones first, each in the order added', () => {
    expect(add(['a.1', [1], {}])).deep.equal([])
    expect(add(['a.2', [2], { k: 2 }], { scope: 'destroyed' })).deep.equal([])
    expect(add(['a.3', [], {}], { scope: 'detached' })).deep.equal([])
    expect(add(['a.3', [4], {}], { scope: 'detached' })).deep.equal([])
    expect(left()).deep.equal([])
    world.realm.leave(alice)
    world.realm.leave(alice)
    expect(left()).deep.equal([
      ['a.3', []],
      ['a.3', [4]],
      ['a.1', [1]],
      ['a.2', [2], { k: 2 }],
    ])
  })

  it('of others and of other scopes stay where one is flushed', () => {
    const bob = world.join()
    add(['a.1', [], {}])
    add(['a.2', [], {}], { scope: 'detached' })
    add(['a.3', [], {}], {}, bob)
    expect(flush()).deep.equal([])
    world.realm.leave(alice)
    expect(left()).deep.equal([['a.2', []]])
    world.realm.leave(bob)
    expect(left()).deep.equal([['a.3', []]])
    expect(flush({ scope: 'detached' })).deep.equal([])
  })

  it('are published by the leaving session, with its options', () => {
    add(['a.1', ['named'], {}], { publish_options: { disclose_me: true, acknowledge: true } })
    add(['a.2', ['secret'], {}], { publish_options: { eligible_authrole: ['nobody'] } })
    add(['a.3', ['kept'], {}], { publish_options: { retain: true } })
    world.realm.leave(alice)
    const events = heir.take()
    expect(events.map(event => event[4])).deep.equal([['named'], ['kept']])
    expect(events[0]?.[3]).include({ publisher: alice.id, publisher_authid: alice.authid })
    expect(alice.take()).deep.equal([])
    const late = world.join()
    world.subscribe(late, 'a.4')
    const [, retained] = world.say(late, 32, { get_retained: true }, 'a.3')
    expect(retained?.slice(3)).deep.equal([{ retained: true }, ['kept']])
  })

  it('reach nobody who has left, the session itself included, and come before the meta events', () => {
    world.subscribe(alice, 'a.1')
    world.subscribe(heir, 'wamp.', { match: 'prefix' })
    add(['a.1', [], {}], { publish_options: { exclude_me: false } })
    world.realm.leave(alice)
    expect(alice.take()).deep.equal([])
    expect(heir.take().map(event => (event[3] as Dict).topic)).deep.equal([
      'a.1',
      'wamp.subscription.on_unsubscribe',
      'wamp.subscription.on_delete',
      'wamp.session.on_leave',
    ])
  })

  it('are refused where arguments make no sense', () => {
    for (const args of [
      [],
      [7, [], {}],
      ['a.1'],
      ['a.1', {}, {}],
      ['a.1', [], []],
      ['a.1', [], null],
      ['a.1', []],
    ]) {
      expect(add(args), JSON.stringify(args)).equal(INVALID)
    }
    for (const kwargs of [
      { scope: 'other' },
      { scope: 7 },
      { publish_options: [] },
      { publish_options: 'x' },
      { publish_options: { eligible: 'all' } },
    ]) {
      expect(add(['a.1', [], {}], kwargs), JSON.stringify(kwargs)).equal(INVALID)
    }
    expect(flush({ scope: 'other' })).equal(INVALID)
    expect(() => add(['a.1', [], {}], { publish_options: { ppt_scheme: 'wamp' } })).throws(
      ProtocolViolation,
    )
    world.realm.leave(alice)
    expect(left()).deep.equal([])
  })

  it('are only for topics that the session may publish to', () => {
    const rules = [
      { uri: 'wamp', match: 'prefix', allow: allow('call', 'publish') },
      { uri: 'a.mine', match: 'exact', allow: allow('publish') },
    ] as const
    const carol = world.join({ role: new Role('carol', new Rules(rules, 'loose')) })
    expect(add(['a.mine', [], {}], {}, carol)).deep.equal([])
    expect(add(['a.other', [], {}], {}, carol)).equal('wamp.error.not_authorized')
    for (const topic of ['a..b', '', 'wamp.session.on_join', 'wampd.x']) {
      expect(add([topic, [], {}], {}, carol), topic).equal('wamp.error.invalid_uri')
    }
    // Rights that were lost meanwhile count, too.
    carol.role.rules = new Role('carol', new Rules([], 'loose')).rules
    world.realm.leave(carol)
    expect(left()).deep.equal([])
  })

  it('are bounded in number and bytes', () => {
    world = new RealmWithAdmin({ testaments: { limit: 2, max_bytes: 1000 } })
    alice = world.join()
    const limit = 'wampd.error.limit_exceeded'
    expect(add(['a.1', ['x'.repeat(2000)], {}])).equal(limit)
    expect(add(['a.1', [], {}])).deep.equal([])
    expect(add(['a.1', [], {}], { scope: 'detached' })).deep.equal([])
    expect(add(['a.1', [], {}])).equal(limit)
    flush()
    expect(add(['a.1', [], {}])).deep.equal([])
  })

  function allow(...verbs: string[]) {
    const has = (verb: string) => verbs.includes(verb)
    const [call, publish] = [has('call'), has('publish')]
    return { call, publish, register: false, subscribe: false }
  }
})
