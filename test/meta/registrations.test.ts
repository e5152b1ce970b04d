import { expect } from 'chai'
import { randomId } from '../../src/base/ids.ts'
import { CALLEE_HEARS_REVOCATION } from '../../src/protocol/features.ts'
import type { Dict } from '../../src/protocol/payload.ts'
import { unrestricted } from '../../src/realm/authorize.ts'
import { Realm } from '../../src/realm/realm.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'

const NONE = 'wamp.error.no_such_registration'
const INVALID = 'wamp.error.invalid_argument'

describe('the registration meta API', () => {
  let realm: Realm
  let alice: Recorder
  let bob: Recorder
  let carol: Recorder
  let request = 0

  beforeEach(() => {
    const clock = new FakeClock()
    clock.pass(1000)
    realm = new Realm(
      { name: 'realm1', uriCheck: 'loose', strictRequestIds: false, roles: [], clock },
      randomId,
    )
    alice = join()
    bob = join()
    carol = join(CALLEE_HEARS_REVOCATION)
  })

  function join(features = 0): Recorder {
    const member = new Recorder({ role: unrestricted('admin', 'loose'), features })
    realm.join(member)
    return member
  }

  /** Sends and gives the answer. */
  function say(member: Recorder, ...list: unknown[]): unknown[] {
    realm.receive(member, messageOf(list))
    return member.take()[0] ?? []
  }

  function register(member: Recorder, uri: string, options = {}): number {
    const [type, , id] = say(member, 64, ++request, options, uri)
    expect(type).equal(65)
    return id as number
  }

  /** What `wamp.registration.<name>` answers alice: args of the result, or the error's URI. */
  function call(name: string, ...payload: unknown[]): unknown {
    const answer = say(alice, 48, ++request, {}, `wamp.registration.${name}`, ...payload)
    return answer[0] === 50 ? (answer[3] ?? []) : answer[4]
  }

  it('lists registrations by match', () => {
    expect(call('list')).deep.equal([{ exact: [], prefix: [], wildcard: [] }])
    const ids = ['exact', 'prefix', 'wildcard'].map(match => register(bob, 'a.b', { match }))
    const second = register(bob, 'a.c')
    const [exact, prefix, wildcard] = ids
    expect(call('list')).deep.equal([
      { exact: [exact, second], prefix: [prefix], wildcard: [wildcard] },
    ])
  })

  it('finds the one of a procedure, and the one that a call would go to', () => {
    const exact = register(bob, 'a.b.c')
    const prefix = register(bob, 'a.b', { match: 'prefix' })
    const wildcard = register(bob, 'a..c', { match: 'wildcard' })
    expect(call('lookup', ['a.b.c'])).deep.equal([exact])
    expect(call('lookup', ['a.b', { match: 'prefix' }])).deep.equal([prefix])
    expect(call('lookup', ['a..c', { match: 'wildcard' }])).deep.equal([wildcard])
    expect(call('lookup', ['a.b', {}])).deep.equal([null])
    expect(call('match', ['a.b.c'])).deep.equal([exact])
    expect(call('match', ['a.b.d'])).deep.equal([prefix])
    expect(call('match', ['a.x.c'])).deep.equal([wildcard])
    expect(call('match', ['x'])).deep.equal([null])
    expect(call('lookup', ['a.b', { match: 'best' }])).equal(INVALID)
    expect(call('lookup', ['a.b', 'prefix'])).equal(INVALID)
    expect(call('lookup')).equal(INVALID)
    expect(call('match', [7])).equal(INVALID)
  })

  it('tells of one', () => {
    const id = register(bob, 'a.', { match: 'prefix', invoke: 'roundrobin' })
    register(carol, 'a.', { match: 'prefix', invoke: 'roundrobin' })
    expect(call('get', [id])).deep.equal([
      { id, created: '1970-01-01T00:00:01.000Z', uri: 'a.', match: 'prefix', invoke: 'roundrobin' },
    ])
    expect(call('list_callees', [id])).deep.equal([[bob.id, carol.id]])
    expect(call('count_callees', [id])).deep.equal([2])
    for (const name of ['get', 'list_callees', 'count_callees']) {
      expect(call(name, [4711])).equal(NONE)
      expect(call(name, ['1'])).equal(INVALID)
      expect(call(name)).equal(INVALID)
    }
  })

  it('takes a callee off, and tells it', () => {
    const id = register(bob, 'a.b', { invoke: 'first' })
    register(carol, 'a.b', { invoke: 'first' })
    expect(call('remove_callee', [id, 4711])).equal('wamp.error.no_such_session')
    expect(call('remove_callee', [id, alice.id])).equal(NONE)
    expect(call('remove_callee', [id + 1, bob.id])).equal(NONE)
    expect(call('remove_callee', [id])).equal(INVALID)
    expect(call('remove_callee', [id, bob.id], { reason: 'a..b' })).equal('wamp.error.invalid_uri')
    expect(call('remove_callee', [id, bob.id])).deep.equal([])
    expect(call('remove_callee', [id, carol.id], { reason: 'a.b' })).deep.equal([])
    expect(bob.take()).deep.equal([])
    expect(carol.take()).deep.equal([[67, 0, { registration: id, reason: 'a.b' }]])
    expect(call('get', [id])).equal(NONE)
  })

  it('tells who registers and who leaves, in order', () => {
    say(alice, 32, ++request, { match: 'prefix' }, 'wamp.registration.')
    const id = register(bob, 'a.b', { invoke: 'last' })
    register(carol, 'a.b', { invoke: 'last' })
    say(bob, 66, ++request, id)
    realm.leave(carol)
    const created = '1970-01-01T00:00:01.000Z'
    const details = { id, created, uri: 'a.b', match: 'exact', invoke: 'last' }
    expect(alice.take().map(event => [(event[3] as Dict).topic, event[4]])).deep.equal([
      ['wamp.registration.on_create', [bob.id, details]],
      ['wamp.registration.on_register', [bob.id, id]],
      ['wamp.registration.on_register', [carol.id, id]],
      ['wamp.registration.on_unregister', [bob.id, id]],
      ['wamp.registration.on_unregister', [carol.id, id]],
      ['wamp.registration.on_delete', [carol.id, id]],
    ])
  })

  it('tells nothing to who has left', () => {
    say(bob, 32, ++request, { match: 'prefix' }, 'wamp.')
    register(bob, 'a.b')
    bob.take()
    realm.leave(bob)
    expect(bob.take()).deep.equal([])
  })

  it('tells of a replaced registration before it tells of the new one', () => {
    const [old, fresh] = [0, 1].map(() => {
      const member = new Recorder({ authid: 'service' })
      realm.join(member)
      return member
    }) as [Recorder, Recorder]
    const id = register(old, 'a.b')
    say(alice, 32, ++request, { match: 'prefix' }, 'wamp.registration.')
    const next = register(fresh, 'a.b', { force_reregister: true })
    expect(alice.take().map(event => [(event[4] as unknown[])[0], event[3]])).deep.equal([
      [old.id, { topic: 'wamp.registration.on_unregister' }],
      [old.id, { topic: 'wamp.registration.on_delete' }],
      [fresh.id, { topic: 'wamp.registration.on_create' }],
      [fresh.id, { topic: 'wamp.registration.on_register' }],
    ])
    expect(next).above(id)
  })
})
