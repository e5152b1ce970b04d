import { expect } from 'chai'
import fc from 'fast-check'
import { ACTIONS, explain, type Query } from '../../src/config/explain.ts'
import { checkConfig, parseConfig } from '../../src/config/load.ts'
import { isReserved, MATCHES } from '../../src/match/uri.ts'
import {
  MAY_CALL,
  MAY_PUBLISH,
  MAY_REGISTER,
  MAY_SUBSCRIBE,
  Rules,
} from '../../src/realm/authorize.ts'

const TEXT = `version: 1
realms:
  - name: com.example.app
    roles:
      - name: user
        permissions:
          - { uri: com.example., match: prefix, allow: { call: true, subscribe: true } }
          - { uri: com.example.admin, allow: {} }
          - { uri: com..status, match: wildcard, allow: { subscribe: true } }
          - { uri: wamp.session., match: prefix, allow: { call: true } }
      - name: guest
        permissions: []
  - name: com.example.other
    options: { uri_check: strict }
    roles:
      - name: user
        permissions:
          - uri: ""
            match: prefix
            allow: { publish: true }
authenticators:
  staff: { ticket: { principals: { joe: { ticket: secret-of-joe, role: user } } } }
  partners:
    ticket:
      principals:
        joe: { ticket: other-secret, role: guest }
        ann: { ticket: third-secret, role: user }
  guests: { anonymous: { role: guest } }
transports:
  - { type: websocket, auth: [staff, partners] }
  - { type: websocket, endpoint: { port: 0 }, auth: [guests], realms: [com.example.other] }
`
const loaded = parseConfig(TEXT, 'f.yaml')

/** The answers as short lines. */
function answers(query: Query): string[] {
  return explain(loaded, query).map(({ allowed, realm, authenticator, role, line, reason }) => {
    const way = `${realm} ${authenticator} ${role}`
    return `${allowed ? 'allow' : 'deny'} ${way} ${line}: ${reason}`
  })
}

const ask = (authid: string, action: Query['action'], uri: string, match?: Query['match']) =>
  answers({ authid, uri, action, match })

const DISCLOSE = { caller: 'requested', publisher: 'requested' } as const

describe('explain', () => {
  it('gives the deciding rule with its line, for every realm', () => {
    expect(ask('ann', 'call', 'com.example.time')).deep.equal([
      'allow com.example.app partners user 7: the prefix rule for "com.example." allows it',
      'deny com.example.other partners user 18: the prefix rule for "" decides, and does not allow it',
    ])
  })

  it('gives the whole place of the rule', () => {
    const [first] = explain(loaded, { authid: 'ann', uri: 'com.example.admin', action: 'call' })
    expect(first).deep.equal({
      allowed: false,
      reason: 'the exact rule for "com.example.admin" decides, and does not allow it',
      realm: 'com.example.app',
      authenticator: 'partners',
      method: 'ticket',
      role: 'user',
      path: 'realms[0].roles[0].permissions[1]',
      file: 'f.yaml',
      line: 8,
      column: 13,
    })
  })

  it('says where no rule meets the URI, with the line of the role', () => {
    expect(ask('ann', 'call', 'org.example')[0]).equal(
      'deny com.example.app partners user 5: no rule of the role meets this URI',
    )
  })

  it('goes through every way in, and says what keeps people out of each', () => {
    expect(ask('joe', 'publish', 'com.example.x')).deep.equal([
      'deny com.example.app staff user 7: the prefix rule for "com.example." decides, and does not allow it',
      'deny com.example.app partners guest 3: staff.ticket is asked first, and knows the user too',
      'allow com.example.other staff user 18: the prefix rule for "" allows it',
      'deny com.example.other partners guest 13: the realm has no role "guest"',
    ])
    expect(ask('anonymous', 'call', 'com.example.x')).deep.equal([
      'deny com.example.app guests guest 3: no transport takes this authenticator into the realm',
      'deny com.example.other guests guest 13: the realm has no role "guest"',
    ])
  })

  it('has patterns judged as text, for subscribe and register only', () => {
    expect(ask('ann', 'subscribe', 'com..status', 'wildcard')[0]).match(/^allow .* 9: /)
    expect(ask('ann', 'subscribe', 'com.example.', 'prefix')[0]).match(/^allow .* 7: /)
    expect(ask('ann', 'subscribe', 'com.', 'prefix')[0]).match(/^deny .* no rule/)
    expect(ask('ann', 'call', 'com..status', 'wildcard')[0]).contain('is not a loose URI')
  })

  it('knows the form of URIs and those of the router', () => {
    expect(ask('ann', 'publish', 'com.Example')[1]).contain('"com.Example" is not a strict URI')
    expect(ask('ann', 'call', 'wamp.session.count')[0]).match(/^allow .* 10: /)
    expect(ask('ann', 'publish', 'wamp.session.x')[0]).contain('the router’s own')
    expect(ask('ann', 'call', 'wampd.x')[0]).contain('no rule')
  })

  it('says that nobody knows an authid, and who may be meant', () => {
    expect(explain(loaded, { authid: 'jeo', uri: 'a', action: 'call' })).deep.equal([
      { allowed: false, reason: 'no authenticator knows "jeo"; did you mean "joe"?' },
    ])
    expect(explain(loaded, { authid: 'toString', uri: 'a', action: 'call' })).deep.equal([
      { allowed: false, reason: 'no authenticator knows "toString"' },
    ])
  })

  it('lets anonymous clients in where there are no authenticators, and finds no file', () => {
    const allow = { call: true }
    const role = { name: 'anonymous', permissions: [{ uri: 'a', allow }] }
    const open = checkConfig({ version: 1, realms: [{ name: 'r', roles: [role] }] })
    const [only] = explain(open, { authid: 'anonymous', uri: 'a', action: 'call' })
    expect(only).include({ allowed: true, authenticator: undefined, file: undefined })
    expect(only?.path).equal('realms[0].roles[0].permissions[0]')
    const none = checkConfig({ version: 1 })
    expect(explain(none, { authid: 'anonymous', uri: 'a', action: 'call' })).deep.equal([
      { allowed: false, reason: 'there is no realm' },
    ])
  })

  it('knows that some methods may know anybody, and hide the sources behind them', () => {
    const text = TEXT.replace(
      '  guests:',
      `  tokens: { jwt: { algorithms: [HS256], secret: ${'s'.repeat(32)}, roles: [user, guest] } }
  asked: { dynamic: { realm: com.example.other, procedure: "\${PROC}", methods: [ticket, wampcra] } }
  guests:`,
    ).replace('auth: [staff, partners]', 'auth: [staff, tokens, asked, partners]')
    const whole = parseConfig(text, 'f.yaml', { PROC: 'com.p6' })
    const said = (authid: string) =>
      explain(whole, { authid, uri: 'com.example.x', action: 'call' })
        .filter(({ realm }) => realm === 'com.example.app')
        .map(({ allowed, asks, authenticator, method, role, reason }) => {
          const answer = allowed ? 'allow' : (asks ?? 'deny')
          return `${answer} ${authenticator}.${method} ${role}: ${reason}`
        })
    const rule = 'the prefix rule for "com.example." allows it'
    const who = '${PROC} is asked who that is, and for the role'
    expect(said('bob')).deep.equal([
      `allow tokens.jwt user: ${rule}`,
      'deny tokens.jwt guest: no rule of the role meets this URI',
      'deny asked.dynamic undefined: tokens.jwt is asked first, and takes all',
      `\${PROC} asked.dynamic undefined: ${who}`,
    ])
    expect(said('joe')).deep.equal([
      `allow staff.ticket user: ${rule}`,
      'deny partners.ticket guest: staff.ticket is asked first, and knows the user too',
      'deny tokens.jwt user: staff.ticket is asked first, and knows the user too',
      'deny tokens.jwt guest: staff.ticket is asked first, and knows the user too',
      'deny asked.dynamic undefined: staff.ticket is asked first, and knows the user too',
      `\${PROC} asked.dynamic undefined: ${who}`,
    ])
    expect(said('ann')[0]).equal(
      'deny partners.ticket user: tokens.jwt is asked first, and takes all',
    )
    expect(said('anonymous').some(line => line.includes('tokens'))).equal(false)
  })

  it('says where an authorizer is asked', () => {
    const text = TEXT.replace(
      '- name: user\n',
      '- name: user\n        authorizer: { procedure: a.b }\n',
    )
    const whole = parseConfig(text, 'f.yaml')
    const said = (uri: string) => explain(whole, { authid: 'ann', uri, action: 'call' })[0]
    expect(said('org.example')).include({ allowed: false, asks: 'a.b', line: 6 })
    expect(said('org.example')?.reason).equal('no rule of the role meets this URI: a.b is asked')
    expect(said('com.example.x')).include({ allowed: true }).not.property('asks')
    expect(said('wampd.x')?.reason).equal('no rule of the role meets this URI')
  })

  it('shows variables as they are written', () => {
    const text = TEXT.replaceAll('com.example.app', '"${REALM}"')
      .replaceAll('role: guest', 'role: "${GUEST}"')
      .replace('uri: com.example.,', 'uri: "${PREFIX}",')
    const env = { REALM: 'r4', GUEST: 'guest', PREFIX: 'com.g7.' }
    const written = parseConfig(text, 'f.yaml', env)
    const said = [
      ...explain(written, { authid: 'ann', uri: 'com.g7.x', action: 'call' }),
      ...explain(written, { authid: 'anonymous', uri: 'com.g7.x', action: 'call' }),
    ]
    expect(said[0]).include({ allowed: true, realm: '${REALM}', role: 'user' })
    expect(said[0]?.reason).equal('the prefix rule for "${PREFIX}" allows it')
    expect(said[3]?.reason).equal('the realm has no role "${GUEST}"')
    expect(JSON.stringify(said)).not.match(/r4|g7|"guest"/)
  })

  it('never shows a secret', () => {
    for (const authid of ['joe', 'ann', 'secret']) {
      for (const action of ACTIONS) {
        expect(JSON.stringify(explain(loaded, { authid, uri: 'com.x', action }))).not.match(
          /secret-|-secret/,
        )
      }
    }
  })

  it('says what the router does, whatever the rules and the URI', () => {
    const uri = fc.string({ unit: fc.constantFrom('a', 'b', '.', 'wamp', '#'), maxLength: 5 })
    const match = fc.constantFrom(...MATCHES)
    const yes = fc.boolean()
    const allow = fc.record({ call: yes, register: yes, publish: yes, subscribe: yes })
    const permissions = fc.uniqueArray(fc.record({ uri, match, allow }), {
      selector: rule => `${rule.match} ${rule.uri}`,
    })
    const action = fc.constantFrom(...ACTIONS)
    fc.assert(
      fc.property(permissions, uri, match, action, (rules, asked, how, action) => {
        const open = checkConfig({ version: 1, realms: [{ name: 'r', roles: [] }] })
        open.config.realms[0]?.roles.push({
          name: 'anonymous',
          permissions: rules.map(rule => ({ ...rule, disclose: DISCLOSE })),
          rpc: {} as never,
          limits: {} as never,
        })
        const query = { authid: 'anonymous', uri: asked, action, match: how }
        const takesPattern = action === 'register' || action === 'subscribe'
        const pattern = takesPattern ? how : 'exact'
        const verdict = new Rules(rules, 'loose').verdictOnPattern(asked, pattern)
        // As realm.ts has it: what is the router's own is neither registered nor published.
        const isRefused = (action === 'register' || action === 'publish') && isReserved(asked)
        const [answer] = explain(open, query)
        expect(answer?.allowed).equal((verdict & BITS[action]) !== 0 && !isRefused)
      }),
    )
  })
})

const BITS = {
  call: MAY_CALL,
  register: MAY_REGISTER,
  publish: MAY_PUBLISH,
  subscribe: MAY_SUBSCRIBE,
}
