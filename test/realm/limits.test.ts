import { expect } from 'chai'
import { Counters } from '../../src/base/counters.ts'
import { randomId } from '../../src/base/ids.ts'
import { Role, Rules } from '../../src/realm/authorize.ts'
import { LIMIT_DEFAULTS, type Limits, UNLIMITED } from '../../src/realm/limits.ts'
import { Realm } from '../../src/realm/realm.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'

const allow = { call: true, register: true, publish: true, subscribe: true }
const permissions = ['', 'wamp.'].map(uri => ({ uri, match: 'prefix', allow }) as const)
const FULL = 'wampd.error.limit_exceeded'

describe('the limits of a realm', () => {
  let counters: Counters
  beforeEach(() => {
    counters = new Counters()
  })

  function realmOf(limits: Partial<Limits>): Realm {
    const whole = { ...LIMIT_DEFAULTS, ...limits }
    const facts = { name: 'realm1', uriCheck: 'loose', strictRequestIds: false } as const
    return new Realm({ ...facts, roles: [], limits: whole, counters }, randomId)
  }

  const roleWith = (limits: Partial<Limits>, name = 'user') =>
    new Role(
      name,
      new Rules(permissions, 'loose', {
        limits: { ...LIMIT_DEFAULTS, sessions: Infinity, ...limits },
      }),
    )

  function join(realm: Realm, role: Role, authid = 'joe'): Recorder {
    const member = new Recorder({ role, authid })
    expect(realm.whyFull(member)).equal(undefined)
    realm.join(member)
    return member
  }

  /** The type of the answer to a message, or the URI of its error. */
  function ask(realm: Realm, member: Recorder, ...list: unknown[]): unknown {
    realm.receive(member, messageOf(list))
    const [answer] = member.take()
    return answer?.[0] === 8 ? answer[4] : answer?.[0]
  }

  it('are its sessions', () => {
    const realm = realmOf({ sessions: 2 })
    const [one] = [join(realm, roleWith({})), join(realm, roleWith({}))]
    const surplus = new Recorder({ role: roleWith({}) })
    expect(realm.whyFull(surplus)).contain('the realm')
    realm.leave(one)
    realm.leave(one)
    expect(realm.whyFull(surplus)).equal(undefined)
    realm.join(surplus)
    expect(realm.whyFull(new Recorder({ role: roleWith({}) }))).contain('the realm')
  })

  it('are the sessions of a role, and of an authid', () => {
    const realm = realmOf({})
    const guest = roleWith({ sessions: 1 }, 'guest')
    const one = join(realm, guest, 'ann')
    expect(realm.whyFull(new Recorder({ role: guest }))).contain('role guest')
    const user = roleWith({ sessions_per_authid: 2 })
    join(realm, user)
    join(realm, roleWith({}, 'other'))
    expect(realm.whyFull(new Recorder({ role: user, authid: 'joe' }))).contain('one authid')
    expect(realm.whyFull(new Recorder({ role: user, authid: 'jim' }))).equal(undefined)
    realm.leave(one)
    expect(realm.whyFull(new Recorder({ role: guest }))).equal(undefined)
  })

  it('are the subscriptions of a session; those that it has it may ask for again', () => {
    const realm = realmOf({})
    const role = roleWith({ subscriptions_per_session: 2 })
    const [member, other] = [join(realm, role), join(realm, role)]
    for (const topic of ['a', 'b', 'a']) expect(ask(realm, member, 32, 1, {}, topic)).equal(33)
    expect(ask(realm, member, 32, 2, {}, 'c')).equal(FULL)
    expect(ask(realm, member, 32, 3, { match: 'prefix' }, 'a')).equal(FULL)
    expect(ask(realm, other, 32, 1, {}, 'c')).equal(33)
    expect(ask(realm, member, 34, 4, 1)).equal(35)
    expect(ask(realm, member, 32, 5, {}, 'c')).equal(33)
    expect(counters.all().limits_reached).equal(2)
    expect(realm.load.refused).equal(2)
  })

  it('are the topics that are subscribed to; who joins one needs no room', () => {
    const realm = realmOf({ subscriptions: 2 })
    const [member, other] = [join(realm, roleWith({})), join(realm, roleWith({}))]
    expect(ask(realm, member, 32, 1, {}, 'a')).equal(33)
    expect(ask(realm, member, 32, 2, {}, 'b')).equal(33)
    expect(ask(realm, other, 32, 1, {}, 'c')).equal(FULL)
    expect(ask(realm, other, 32, 2, {}, 'a')).equal(33)
    realm.leave(member)
    expect(ask(realm, other, 32, 3, {}, 'c')).equal(33)
    expect(realm.load).include({ sessions: 1, subscriptions: 2, registrations: 0, refused: 1 })
  })

  it('are the registrations of a session and of the realm', () => {
    const realm = realmOf({ registrations: 3 })
    const role = roleWith({ registrations_per_session: 2 })
    const [member, other] = [join(realm, role), join(realm, role)]
    const shared = { invoke: 'roundrobin' }
    expect(ask(realm, member, 64, 1, shared, 'a')).equal(65)
    expect(ask(realm, member, 64, 2, {}, 'b')).equal(65)
    expect(ask(realm, member, 64, 3, {}, 'c')).equal(FULL)
    expect(ask(realm, member, 64, 4, { force_reregister: true }, 'b'), 'its own').equal(65)
    member.take()
    expect(ask(realm, other, 64, 1, {}, 'c')).equal(65)
    expect(ask(realm, other, 64, 2, {}, 'd'), 'the realm is full').equal(FULL)
    expect(ask(realm, other, 64, 3, shared, 'a'), 'a place that is there').equal(65)
    expect(realm.load.registrations).equal(3)
  })

  it('are the calls of a session that are open; others call on', () => {
    const realm = realmOf({})
    const role = roleWith({ calls_per_session: 2 })
    const [caller, other, callee] = [join(realm, role), join(realm, role), join(realm, role)]
    ask(realm, callee, 64, 1, {}, 'a')
    expect(ask(realm, caller, 48, 1, {}, 'a')).equal(undefined)
    expect(ask(realm, caller, 48, 2, {}, 'a')).equal(undefined)
    expect(ask(realm, caller, 48, 3, {}, 'a')).equal(FULL)
    expect(ask(realm, other, 48, 1, {}, 'a')).equal(undefined)
    callee.take()
    realm.receive(callee, messageOf([70, 1, {}, ['done']]))
    expect(caller.take()).deep.equal([[50, 1, {}, ['done']]])
    expect(ask(realm, caller, 48, 4, {}, 'a')).equal(undefined)
    expect(ask(realm, caller, 48, 5, {}, 'nobody')).equal(FULL)
  })

  it('are the length of URIs and the components of wildcards', () => {
    const realm = realmOf({})
    const member = join(realm, roleWith({ uri_length: 64, wildcard_components: 3 }))
    const bad = 'wamp.error.invalid_uri'
    for (const [type, good] of [
      [32, 33],
      [64, 65],
    ] as const) {
      expect(ask(realm, member, type, 1, {}, 'a'.repeat(64))).equal(good)
      expect(ask(realm, member, type, 2, {}, 'a'.repeat(65))).equal(bad)
      expect(ask(realm, member, type, 3, { match: 'prefix' }, 'a'.repeat(65))).equal(bad)
      expect(ask(realm, member, type, 4, { match: 'wildcard' }, 'a..b')).equal(good)
      expect(ask(realm, member, type, 5, { match: 'wildcard' }, 'a..b.')).equal(bad)
      expect(ask(realm, member, type, 6, {}, 'a.b.c.d'), 'no wildcard').equal(good)
    }
    expect(ask(realm, member, 48, 7, {}, 'a'.repeat(65))).equal(bad)
    expect(ask(realm, member, 16, 8, { acknowledge: true }, 'a'.repeat(65))).equal(bad)
  })

  it('leave those alone that are trusted, though they count', () => {
    const realm = realmOf({ sessions: 1, subscriptions: 1, registrations: 1 })
    const trusted = new Recorder()
    expect(trusted.limits).equal(UNLIMITED)
    realm.join(trusted)
    for (const [request, uri] of ['a', 'b', 'c'].entries()) {
      expect(ask(realm, trusted, 32, request + 1, {}, uri)).equal(33)
      expect(ask(realm, trusted, 64, request + 1, {}, uri)).equal(65)
    }
    expect(realm.whyFull(new Recorder({ role: roleWith({}) }))).contain('the realm')
    const member = new Recorder({ role: roleWith({}) })
    expect(ask(realm, member, 32, 1, {}, 'd')).equal(FULL)
  })

  it('hold for what comes next when they become lower', () => {
    const realm = realmOf({})
    const role = roleWith({})
    const member = join(realm, role)
    for (const topic of ['a', 'b', 'c']) expect(ask(realm, member, 32, 1, {}, topic)).equal(33)
    realm.limit({}, {}, { ...LIMIT_DEFAULTS, subscriptions: 1 })
    role.rules = roleWith({ subscriptions_per_session: 1 }).rules
    expect(ask(realm, member, 32, 2, {}, 'd')).equal(FULL)
    expect(ask(realm, member, 32, 3, {}, 'c'), 'what it has stays').equal(33)
  })
})
