import { expect } from 'chai'
import type { Match } from '../../src/match/uri.ts'
import {
  BAD_URI,
  callerDisclosure,
  MAX_TRUST_LEVEL,
  MAY_CALL,
  MAY_PUBLISH,
  MAY_REGISTER,
  MAY_SUBSCRIBE,
  type Permission,
  publisherDisclosure,
  RESERVED,
  Role,
  Rules,
  trustLevel,
  unrestricted,
} from '../../src/realm/authorize.ts'

const ALL = MAY_CALL | MAY_REGISTER | MAY_PUBLISH | MAY_SUBSCRIBE

/** A rule that allows the actions named. */
function rule(match: Match, uri: string, ...actions: string[]): Permission {
  const allow = { call: false, register: false, publish: false, subscribe: false }
  return { uri, match, allow: { ...allow, ...Object.fromEntries(actions.map(a => [a, true])) } }
}

describe('a role', () => {
  it('may do nothing where no rule meets the URI', () => {
    expect(new Role('r', new Rules([], 'loose')).verdict('a.b')).equal(0)
    expect(new Role('r', new Rules([rule('exact', 'a.b', 'call')], 'loose')).verdict('a.c')).equal(
      0,
    )
  })

  it('may do what the rule names, and nothing else', () => {
    for (const [action, bit] of [
      ['call', MAY_CALL],
      ['register', MAY_REGISTER],
      ['publish', MAY_PUBLISH],
      ['subscribe', MAY_SUBSCRIBE],
    ] as const) {
      expect(
        new Role('r', new Rules([rule('exact', 'a.b', action)], 'loose')).verdict('a.b'),
      ).equal(bit)
    }
  })

  it('follows the most specific rule alone, also where that forbids', () => {
    const role = new Role(
      'r',
      new Rules(
        [
          rule('prefix', '', 'subscribe'),
          rule('prefix', 'a.', 'call'),
          rule('prefix', 'a.b.', 'call', 'register'),
          rule('exact', 'a.b.c', 'publish'),
          rule('exact', 'a.b.none'),
          rule('wildcard', 'a..c', 'call', 'register', 'publish', 'subscribe'),
        ],
        'loose',
      ),
    )
    expect(role.verdict('x.y')).equal(MAY_SUBSCRIBE)
    expect(role.verdict('a.x')).equal(MAY_CALL)
    expect(role.verdict('a.b.x')).equal(MAY_CALL | MAY_REGISTER)
    expect(role.verdict('a.b.c')).equal(MAY_PUBLISH)
    expect(role.verdict('a.b.none')).equal(0)
    expect(role.verdict('a.x.c')).equal(MAY_CALL)
  })

  it('follows wildcards where neither exact rules nor prefixes meet', () => {
    const rules = [rule('wildcard', 'a..c', 'call'), rule('wildcard', '..c', 'publish')]
    const role = new Role('r', new Rules(rules, 'loose'))
    expect(role.verdict('a.b.c')).equal(MAY_CALL)
    expect(role.verdict('x.b.c')).equal(MAY_PUBLISH)
    expect(role.verdict('a.b.d')).equal(0)
  })

  it('may do nothing with a bad URI', () => {
    for (const check of ['loose', 'strict'] as const) {
      const role = unrestricted('r', check)
      expect(role.verdict('a..b')).equal(BAD_URI)
      expect(role.verdict('')).equal(BAD_URI)
      expect(role.verdict('A.b')).equal(check === 'strict' ? BAD_URI : ALL)
      expect(role.verdictOnPattern('a. .b', 'wildcard')).equal(BAD_URI)
      expect(role.verdictOnPattern('a..b', 'prefix')).equal(BAD_URI)
    }
  })

  it('is told which URIs are the router’s own', () => {
    const role = unrestricted('r', 'loose')
    expect(role.verdict('wamp.a')).equal(ALL | RESERVED)
    expect(role.verdictOnPattern('wamp.', 'prefix')).equal(ALL | RESERVED)
    expect(role.verdictOnPattern('wamp..x', 'wildcard')).equal(ALL | RESERVED)
    expect(role.verdict('wampx.a')).equal(ALL)
    expect(new Role('r', new Rules([], 'loose')).verdict('wamp.a')).equal(RESERVED)
  })

  it('may use those only by a rule of their own', () => {
    const wide = [rule('prefix', '', 'call'), rule('wildcard', '..', 'call')]
    const role = new Role(
      'r',
      new Rules([...wide, rule('prefix', 'wamp.session.', 'call')], 'loose'),
    )
    expect(role.verdict('wamp.session.count')).equal(RESERVED | MAY_CALL)
    expect(role.verdict('wamp.x.y')).equal(RESERVED)
    expect(role.verdict('wampd.x')).equal(RESERVED)
    expect(role.verdictOnPattern('wamp..y', 'wildcard')).equal(RESERVED)
  })

  it('has calls and publications disclosed and trusted as its rules say', () => {
    const allow = { call: true, register: false, publish: true, subscribe: false }
    const disclose = { caller: 'always', publisher: 'ignored' } as const
    const rules = [
      { uri: 'a', match: 'exact', allow, disclose, trust_level: 0 },
      { uri: 'b', match: 'exact', allow, trust_level: MAX_TRUST_LEVEL },
      { uri: 'c', match: 'exact', allow },
    ] as const
    const role = new Role('r', new Rules(rules, 'loose'))
    const facts = (uri: string) => {
      const verdict = role.verdict(uri)
      return [callerDisclosure(verdict), publisherDisclosure(verdict), trustLevel(verdict)]
    }
    expect(facts('a')).deep.equal(['always', 'ignored', 0])
    expect(facts('b')).deep.equal(['requested', 'requested', MAX_TRUST_LEVEL])
    expect(facts('c')).deep.equal(['requested', 'requested', undefined])
    expect(role.verdict('a') & 63).equal(MAY_CALL | MAY_PUBLISH)
  })

  it('has patterns judged as text', () => {
    const rules = [rule('prefix', 'a.', 'subscribe'), rule('wildcard', 'b..c', 'subscribe')]
    const role = new Role('r', new Rules(rules, 'loose'))
    expect(role.verdictOnPattern('a.', 'prefix')).equal(MAY_SUBSCRIBE)
    expect(role.verdictOnPattern('a.b', 'prefix')).equal(MAY_SUBSCRIBE)
    expect(role.verdictOnPattern('a', 'prefix')).equal(0)
    expect(role.verdictOnPattern('', 'prefix')).equal(0)
    expect(role.verdictOnPattern('b..c', 'wildcard')).equal(MAY_SUBSCRIBE)
    expect(role.verdictOnPattern('..c', 'wildcard')).equal(0)
    expect(role.verdictOnPattern('a.b', 'exact')).equal(MAY_SUBSCRIBE)
  })

  it('tells which rule decides', () => {
    const rules = [
      rule('prefix', '', 'subscribe'),
      rule('exact', 'a.b'),
      rule('prefix', 'wamp.', 'call'),
    ]
    const compiled = new Rules(rules, 'loose')
    expect(compiled.deciding('a.b')).equal(rules[1])
    expect(compiled.deciding('a.b.')).equal(rules[0])
    expect(compiled.deciding('wamp.x')).equal(rules[2])
    expect(compiled.deciding('wampd.x')).equal(undefined)
  })

  it('says the same of a URI each time, however many others are asked about', () => {
    const role = new Role('r', new Rules([rule('prefix', 'a.', 'call')], 'loose'))
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 12000; i++) {
        if (role.verdict(`a.${i}`) !== MAY_CALL || role.verdict(`b.${i}`) !== 0) expect.fail(`${i}`)
      }
      const long = `a.${'x'.repeat(5000)}`
      expect([role.verdict(long), role.verdict(`b${long}`)]).deep.equal([MAY_CALL, 0])
    }
  })
})
