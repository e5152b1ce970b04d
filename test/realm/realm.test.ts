import { expect } from 'chai'
import { randomId } from '../../src/base/ids.ts'
import { ProtocolViolation } from '../../src/protocol/errors.ts'
import {
  CALLEE_CANCELS,
  CALLEE_TAKES_PARTS,
  CALLER_SENDS_PARTS,
} from '../../src/protocol/features.ts'
import { shapes } from '../../src/protocol/messages.ts'
import { type Permission, Role, Rules, unrestricted } from '../../src/realm/authorize.ts'
import { Realm } from '../../src/realm/realm.ts'
import { memory } from '../helpers/memory.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'

function realmOf(...roles: Role[]): Realm {
  const options = { name: 'realm1', uriCheck: 'loose', strictRequestIds: false, roles } as const
  return new Realm(options, randomId)
}

function join(realm: Realm, role?: Role): Recorder {
  const member = new Recorder(role === undefined ? {} : { role })
  realm.join(member)
  return member
}

/** Sends a message and gives what comes back to the sender. */
function say(realm: Realm, member: Recorder, ...list: unknown[]): unknown[][] {
  realm.receive(member, messageOf(list))
  return member.take()
}

/** The URI of the error that a message is answered with; undefined where there is none. */
function errorOf(realm: Realm, member: Recorder, ...list: unknown[]): unknown {
  const [answer, ...rest] = say(realm, member, ...list)
  expect(rest).deep.equal([])
  if (answer?.[0] !== 8) return undefined
  expect(answer.slice(0, 4)).deep.equal([8, list[0], list[1], {}])
  return answer[4]
}

const ACKNOWLEDGE = { acknowledge: true }

/** The requests that name a URI, with options that make the router answer. */
const URI_REQUESTS = [
  [16, ACKNOWLEDGE],
  [32, {}],
  [48, {}],
  [64, {}],
] as const
const BAD = 'wamp.error.invalid_uri'
const DENIED = 'wamp.error.not_authorized'

describe('a realm', () => {
  let realm: Realm
  let alice: Recorder
  let bob: Recorder

  beforeEach(() => {
    realm = realmOf()
    alice = join(realm)
    bob = join(realm)
  })

  it('routes publications and calls between its members', () => {
    const [[, , subscription]] = say(realm, alice, 32, 1, {}, 'a.b') as [unknown[]]
    const [[, , publication]] = say(realm, bob, 16, 1, ACKNOWLEDGE, 'a.b', [1]) as [unknown[]]
    expect(alice.take()).deep.equal([[36, subscription, publication, {}, [1]]])
    expect(say(realm, alice, 34, 2, subscription)).deep.equal([[35, 2]])

    const [[, , registration]] = say(realm, alice, 64, 3, {}, 'a.b') as [unknown[]]
    expect(say(realm, bob, 48, 2, {}, 'a.b', [2])).deep.equal([])
    expect(alice.take()).deep.equal([[68, 1, registration, {}, [2]]])
    say(realm, alice, 70, 1, {}, [3])
    expect(bob.take()).deep.equal([[50, 2, {}, [3]]])
    say(realm, bob, 48, 3, {}, 'a.b')
    say(realm, alice, 8, 68, 2, {}, 'com.app.error')
    expect(bob.take()).deep.equal([[8, 48, 3, {}, 'com.app.error']])
    say(realm, bob, 48, 4, {}, 'a.b')
    expect(say(realm, bob, 49, 4, {})).deep.equal([[8, 48, 4, {}, 'wamp.error.canceled']])
    alice.take()
    expect(say(realm, alice, 66, 4, registration)).deep.equal([[67, 4]])
  })

  it('discloses callers and trust as the rules of their roles say', () => {
    const allow = { call: true, register: true, publish: true, subscribe: true }
    const disclose = { caller: 'always', publisher: 'requested' } as const
    const rule = { uri: 'a', match: 'prefix', allow, disclose, trust_level: 3 } as const
    const carol = join(realm, new Role('open', new Rules([rule], 'loose')))
    say(realm, alice, 64, 1, {}, 'a.b')
    say(realm, carol, 48, 1, {}, 'a.b')
    const { id, authid } = carol
    const caller = { caller: id, caller_authid: authid, caller_authrole: 'open', trustlevel: 3 }
    expect(alice.take()[0]?.[3]).deep.equal(caller)
    const refusing = { ...rule, disclose: { ...disclose, caller: 'refused' as const } }
    const dave = join(realm, new Role('closed', new Rules([refusing], 'loose')))
    const refused = 'wamp.error.option_disallowed.disclose_me'
    expect(errorOf(realm, dave, 48, 1, { disclose_me: true }, 'a.b')).equal(refused)
    expect(errorOf(realm, dave, 64, 2, { disclose_caller: true }, 'a.c')).equal(refused)
  })

  it('takes parts of a progressive call as long as they may be, and answers once', () => {
    const allow = { call: true, register: false, publish: false, subscribe: false }
    const rule = (uri: string) => [{ uri, match: 'prefix', allow }] as const
    const role = new Role('caller', new Rules(rule('a'), 'loose'))
    const caller = new Recorder({ role, features: CALLER_SENDS_PARTS })
    const callee = new Recorder({ features: CALLEE_TAKES_PARTS | CALLEE_CANCELS })
    realm.join(caller)
    realm.join(callee)
    say(realm, callee, 64, 1, {}, 'a.b')
    say(realm, caller, 48, 1, { progress: true }, 'a.b')
    callee.take()
    role.rules = new Rules(rule('z'), 'loose')
    expect(errorOf(realm, caller, 48, 1, { progress: true }, 'a.b')).equal(DENIED)
    expect(callee.take()).deep.equal([[69, 1, { mode: 'killnowait' }]])
    say(realm, callee, 70, 1, {})
    expect(caller.take()).deep.equal([])
    expect(say(realm, caller, 48, 1, {}, 'a.b')).deep.equal([])
  })

  it('answers a progressive call of its own procedures once', () => {
    const caller = new Recorder({ features: CALLER_SENDS_PARTS })
    realm.join(caller)
    const parts = [{ progress: true }, { progress: true }, {}]
    const answers = parts.flatMap(part => say(realm, caller, 48, 1, part, 'wamp.session.count'))
    expect(answers).deep.equal([[50, 1, {}, [3]]])
  })

  it('knows its members while they are there', () => {
    expect([...realm.members.values()]).deep.equal([alice, bob])
    realm.leave(alice)
    realm.leave(alice)
    expect([...realm.members.values()]).deep.equal([bob])
  })

  it('keeps nothing of a member that has left', () => {
    say(realm, alice, 32, 1, { match: 'prefix' }, 'a')
    say(realm, alice, 64, 2, {}, 'a.b')
    say(realm, bob, 48, 1, {}, 'a.b')
    alice.take()
    realm.leave(alice)
    expect(bob.take()[0]?.[4]).equal('wamp.error.canceled')
    expect(errorOf(realm, bob, 48, 2, {}, 'a.b')).equal('wamp.error.no_such_procedure')
    say(realm, bob, 16, 3, {}, 'a.b')
    expect(alice.take()).deep.equal([])
  })

  it('answers the calls that a member cannot take any more before it drops what is left', () => {
    say(realm, alice, 64, 1, {}, 'a.b')
    say(realm, bob, 48, 1, {}, 'a.b')
    say(realm, bob, 48, 2, {}, 'a.b')
    realm.leave(alice)
    expect(bob.take().map(answer => answer[2])).deep.equal([1, 2])
  })

  it('gives back the memory of what members held', () => {
    const visit = () => {
      const guest = join(realm)
      for (let i = 0; i < 3; i++) {
        say(realm, guest, 32, 1, { match: ['exact', 'prefix', 'wildcard'][i] }, `a.${guest.id}`)
        const [[, , id]] = say(realm, guest, 32, 2, {}, `b.${guest.id}`) as [unknown[]]
        say(realm, guest, 34, 3, id)
        say(realm, guest, 64, 4, {}, `c.${i}`)
        say(realm, guest, 48, 5 + i, {}, `c.${i}`)
        if (i === 0) say(realm, guest, 70, 1, {})
      }
      realm.leave(guest)
    }
    for (let i = 0; i < 500; i++) visit()
    const before = memory()
    for (let i = 0; i < 5000; i++) visit()
    // A single small object kept of each visit would be several times that.
    expect(memory() - before).below(2 << 20)
  })

  it('is a world of its own', () => {
    const other = realmOf()
    const carol = join(other)
    say(realm, alice, 32, 1, {}, 'a.b')
    say(realm, alice, 32, 2, { match: 'prefix' }, '')
    say(realm, alice, 64, 3, {}, 'a.b')
    say(other, carol, 16, 1, {}, 'a.b')
    expect(errorOf(other, carol, 48, 2, {}, 'a.b')).equal('wamp.error.no_such_procedure')
    expect(errorOf(other, carol, 34, 3, 1)).equal('wamp.error.no_such_subscription')
    expect(errorOf(other, carol, 66, 4, 1)).equal('wamp.error.no_such_registration')
    expect(errorOf(other, carol, 64, 5, {}, 'a.b')).equal(undefined)
    say(realm, bob, 48, 1, {}, 'a.b')
    expect(() => say(other, carol, 70, 1, {})).throws(ProtocolViolation)
    other.leave(carol)
    alice.take()
    say(realm, alice, 70, 1, {}, ['still here'])
    expect(bob.take()).deep.equal([[50, 1, {}, ['still here']]])
  })

  it('lets no message in that is not for an open session', () => {
    const taken = [8, 16, 32, 34, 48, 49, 64, 66, 70]
    for (const { code, name } of shapes()) {
      if (taken.includes(code)) continue
      const message = { ...messageOf([16, 1, {}, 'a.b']), type: code }
      expect(() => realm.receive(alice, message as never), name).throws(ProtocolViolation, name)
    }
  })

  describe('checks URIs', () => {
    it('and refuses bad ones, by an error of the request', () => {
      for (const uri of ['', 'a..b', '.a', 'a b', 'a#b', 'a.']) {
        for (const [type, options] of URI_REQUESTS) {
          expect(errorOf(realm, alice, type, 5, options, uri), uri).equal(BAD)
        }
      }
    })

    it('of patterns by the rules of patterns', () => {
      for (const [match, uri, error] of [
        ['prefix', 'a.', undefined],
        ['prefix', '', undefined],
        ['prefix', 'a..b', BAD],
        ['wildcard', 'a..b', undefined],
        ['wildcard', 'a. .b', BAD],
        ['exact', 'a..b', BAD],
      ] as const) {
        expect(errorOf(realm, alice, 32, 1, { match }, uri), `${match} ${uri}`).equal(error)
        expect(errorOf(realm, alice, 64, 1, { match }, uri), `${match} ${uri}`).equal(error)
      }
    })

    it('and drops an unacknowledged publication without a word', () => {
      for (const uri of ['a..b', '', 'wamp.session.on_join']) {
        for (const options of [{}, { acknowledge: false }]) {
          expect(say(realm, alice, 16, 1, options, uri)).deep.equal([])
        }
      }
    })

    it('and keeps the router’s own from publishers and callees', () => {
      say(realm, bob, 32, 1, { match: 'prefix' }, 'wamp')
      for (const uri of ['wamp', 'wamp.session.on_join', 'wamp.x']) {
        expect(errorOf(realm, alice, 16, 1, ACKNOWLEDGE, uri)).equal(BAD)
        say(realm, alice, 16, 2, {}, uri)
        expect(errorOf(realm, alice, 64, 3, {}, uri)).equal(BAD)
      }
      for (const [match, uri] of [
        ['prefix', 'wamp'],
        ['prefix', 'wamp.'],
        ['prefix', 'wamp.s'],
        ['wildcard', 'wamp.'],
        ['wildcard', 'wamp..get'],
      ]) {
        expect(errorOf(realm, alice, 64, 4, { match }, uri), `${match} ${uri}`).equal(BAD)
      }
      expect(bob.take()).deep.equal([])
    })

    it('and lets everybody subscribe to the router’s own, and call it', () => {
      for (const [match, uri] of [
        ['exact', 'wamp.session.on_join'],
        ['prefix', 'wamp.'],
        ['wildcard', 'wamp..on_join'],
      ]) {
        expect(errorOf(realm, alice, 32, 1, { match }, uri)).equal(undefined)
      }
      expect(errorOf(realm, alice, 48, 2, {}, 'wamp.x.y')).equal('wamp.error.no_such_procedure')
    })

    it('and keeps calls to the router’s own from the patterns of clients', () => {
      say(realm, bob, 64, 1, { match: 'prefix' }, '')
      say(realm, bob, 64, 2, { match: 'prefix' }, 'w')
      say(realm, bob, 64, 3, { match: 'wildcard' }, '..')
      for (const procedure of ['wamp.x.y', 'wamp', 'wampd', 'wampd.x.y']) {
        expect(errorOf(realm, alice, 48, 1, {}, procedure)).equal('wamp.error.no_such_procedure')
      }
      say(realm, alice, 48, 1, {}, 'wampx.session.get')
      expect(bob.take().length).equal(1)
    })

    it('and does not take similar names for the router’s own', () => {
      say(realm, bob, 32, 1, { match: 'prefix' }, '')
      for (const uri of ['wampx.y', 'com.wamp.y']) {
        expect(errorOf(realm, alice, 64, 1, {}, uri)).equal(undefined)
        say(realm, alice, 16, 2, {}, uri)
        expect(bob.take().length).equal(1)
      }
    })

    it('by the strict rule where its roles are strict', () => {
      const strict = join(realm, unrestricted('strict', 'strict'))
      for (const type of [32, 48, 64]) {
        expect(errorOf(realm, strict, type, 1, {}, 'a.B')).equal(BAD)
      }
      expect(errorOf(realm, strict, 32, 1, { match: 'prefix' }, 'a-')).equal(BAD)
      expect(errorOf(realm, strict, 32, 1, {}, 'a.b')).equal(undefined)
    })
  })

  describe('with roles', () => {
    function roleThatMay(...actions: string[]): Role {
      const none = { call: false, register: false, publish: false, subscribe: false }
      const allow = { ...none, ...Object.fromEntries(actions.map(action => [action, true])) }
      const rule: Permission = { uri: 'a.', match: 'prefix', allow }
      return new Role('guest', new Rules([rule], 'loose'))
    }

    it('lets each do what its role may, and nothing else', () => {
      for (const [action, type, options] of [
        ['publish', 16, ACKNOWLEDGE],
        ['subscribe', 32, {}],
        ['call', 48, {}],
        ['register', 64, {}],
      ] as const) {
        const all = ['publish', 'subscribe', 'call', 'register']
        const only = join(realm, roleThatMay(action))
        const but = join(realm, roleThatMay(...all.filter(other => other !== action)))
        expect(errorOf(realm, but, type, 1, options, 'a.b')).equal(DENIED)
        expect(errorOf(realm, only, type, 1, options, 'a.b')).not.equal(DENIED)
        expect(errorOf(realm, only, type, 2, options, 'b.c')).equal(DENIED)
      }
    })

    it('drops a publication that may not be, without a word if none is asked for', () => {
      say(realm, bob, 32, 1, {}, 'a.b')
      const guest = join(realm, roleThatMay('subscribe'))
      expect(say(realm, guest, 16, 1, {}, 'a.b')).deep.equal([])
      expect(errorOf(realm, guest, 16, 2, ACKNOWLEDGE, 'a.b')).equal(DENIED)
      expect(bob.take()).deep.equal([])
    })

    it('judges patterns as text', () => {
      const guest = join(realm, roleThatMay('subscribe', 'register'))
      for (const type of [32, 64]) {
        expect(errorOf(realm, guest, type, 1, { match: 'prefix' }, 'a.')).equal(undefined)
        expect(errorOf(realm, guest, type, 2, { match: 'prefix' }, 'a')).equal(DENIED)
        expect(errorOf(realm, guest, type, 3, { match: 'prefix' }, '')).equal(DENIED)
        expect(errorOf(realm, guest, type, 4, { match: 'wildcard' }, 'a..b')).equal(undefined)
        expect(errorOf(realm, guest, type, 5, { match: 'wildcard' }, '..b')).equal(DENIED)
      }
    })

    it('looks at the URI first, then at the right, then at what is there', () => {
      const guest = join(realm, new Role('guest', new Rules([], 'loose')))
      say(realm, bob, 64, 1, {}, 'a.b')
      for (const [type, options] of URI_REQUESTS) {
        expect(errorOf(realm, guest, type, 1, options, 'a..b')).equal(BAD)
        expect(errorOf(realm, guest, type, 2, options, 'a.b')).equal(DENIED)
        expect(errorOf(realm, guest, type, 3, options, 'not.there')).equal(DENIED)
      }
      expect(bob.take()).deep.equal([])
    })

    it('does not ask for rights to give things up', () => {
      const guest = join(realm, new Role('guest', new Rules([], 'loose')))
      expect(errorOf(realm, guest, 34, 1, 5)).equal('wamp.error.no_such_subscription')
      expect(errorOf(realm, guest, 66, 1, 5)).equal('wamp.error.no_such_registration')
    })

    it('finds its roles by name', () => {
      const [guest, admin] = [roleThatMay(), unrestricted('admin', 'loose')]
      const named = realmOf(guest, admin)
      expect([named.role('guest'), named.role('admin')]).deep.equal([guest, admin])
      expect(named.role('constructor')).equal(undefined)
    })
  })

  describe('reads options', () => {
    it('and refuses a match that there is not', () => {
      for (const match of ['regex', 'EXACT', '', 5, true, {}, [], '__proto__', 'constructor']) {
        for (const type of [32, 64]) {
          expect(errorOf(realm, alice, type, 1, { match }, 'a.b')).equal(
            'wamp.error.invalid_argument',
          )
        }
      }
    })

    it('and takes match for exact where it is not given', () => {
      for (const options of [{}, { match: null }, { match: 'exact' }]) {
        const [[, , id]] = say(realm, alice, 32, 1, options, 'a.b') as [unknown[]]
        expect(id).equal(1)
      }
    })

    it('and passes over what it does not know', () => {
      const odd = JSON.parse('{"_own":1,"__proto__":{"acknowledge":true},"invoke":"roundrobin"}')
      expect(errorOf(realm, alice, 32, 1, odd, 'a.b')).equal(undefined)
      expect(errorOf(realm, alice, 64, 2, odd, 'a.b')).equal(undefined)
      expect(say(realm, alice, 16, 3, odd, 'a.b')).deep.equal([])
    })

    it('and ends the session of who uses payload passthru without announcing it', () => {
      say(realm, alice, 64, 1, {}, 'a.b')
      say(realm, bob, 32, 1, {}, 'a.b')
      say(realm, bob, 48, 2, {}, 'a.b')
      bob.take()
      alice.take()
      const passthru = { ppt_scheme: 'wamp' }
      for (const list of [
        [16, 2, passthru, 'a.b'],
        [16, 2, { ...passthru, ...ACKNOWLEDGE }, 'a.b'],
        [48, 2, passthru, 'a.b'],
        [70, 1, passthru],
        [8, 68, 1, passthru, 'com.app.error'],
      ]) {
        expect(() => say(realm, alice, ...list)).throws(ProtocolViolation, 'passthru')
      }
      expect([alice.take(), bob.take()]).deep.equal([[], []])
    })
  })

  describe('tells the sender that a payload does not fit a receiver', () => {
    const UNFIT = 'wampd.error.untranslatable_payload'

    it('where a callee would get it', () => {
      say(realm, alice, 64, 1, {}, 'a.b')
      alice.refuses = () => true
      expect(errorOf(realm, bob, 48, 1, {}, 'a.b', [1])).equal(UNFIT)
      alice.refuses = () => false
      expect(errorOf(realm, bob, 48, 1, {}, 'a.b', [1])).equal(undefined)
      expect(alice.take().map(message => message.slice(0, 2))).deep.equal([[68, 1]])
    })

    it('where a subscriber would get it and an answer is asked for', () => {
      say(realm, alice, 32, 1, {}, 'a.b')
      alice.refuses = () => true
      expect(errorOf(realm, bob, 16, 1, ACKNOWLEDGE, 'a.b', [1])).equal(UNFIT)
      expect(say(realm, bob, 16, 2, {}, 'a.b', [1])).deep.equal([])
    })
  })

  it('lets faults of its own out', () => {
    say(realm, alice, 32, 1, {}, 'a.b')
    alice.refuses = () => {
      throw new TypeError('broken')
    }
    expect(() => say(realm, bob, 16, 1, {}, 'a.b')).throws(TypeError)
  })
})
