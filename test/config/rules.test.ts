import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { ConfigError, checkConfig, readConfig } from '../../src/config/load.ts'

const allow = {}
const user = { name: 'user', permissions: [] as object[] }
const users = { ticket: { principals: { joe: { ticket: 'x', role: 'user' } } } }
const transport = { type: 'websocket', auth: ['users'] }
const SOUND = {
  version: 1,
  realms: [{ name: 'r', roles: [user] }],
  authenticators: { users },
  transports: [transport],
}

const folder = mkdtempSync(join(tmpdir(), 'wampd-rules-'))
after(() => rmSync(folder, { recursive: true }))
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

/** What is wrong with a sound configuration in which some keys are others. */
function faultsOf(keys: object): string[] {
  try {
    checkConfig({ ...SOUND, ...keys })
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n')
  }
}

const withTransports = (...keys: object[]) =>
  faultsOf({ transports: keys.map((one, t) => ({ ...transport, id: `t${t}`, ...one })) })
const withRules = (...permissions: object[]) =>
  faultsOf({ realms: [{ name: 'r', roles: [{ ...user, permissions }] }] })

describe('the token of admin', () => {
  const withToken = (token: string) => faultsOf({ admin: { token } })

  it('is one that a header and a link can carry', () => {
    for (const token of ['0123456789abcdef', 'Zm9v+/-._~Zm9vYmFyYg==']) {
      expect(withToken(token), token).deep.equal([])
    }
    const bad = [
      'short',
      'correct horse battery',
      'ünderstanding-words',
      '/0123456789abcdef',
      '%zz0123456789abcdef',
    ]
    for (const token of bad) {
      const [fault] = withToken(token)
      expect(fault, token)
        .match(/admin\.token: expected a text of 16 letters/)
        .not.include(token)
    }
  })
})

describe('the rules of what a transport is', () => {
  const faults = (keys: object) => withTransports({ type: 'web', ...keys }).join('\n')
  const web = { paths: { '/ws': { websocket: {} } } }

  it('take RawSocket by itself, on a unix socket, or on the port of HTTP', () => {
    const endpoint = { path: '/run/wampd.sock', mode: '0660' }
    expect(withTransports({ type: 'rawsocket', endpoint: { port: 1 } })).deep.equal([])
    expect(withTransports({ type: 'rawsocket', endpoint })).deep.equal([])
    expect(faults({ ...web, rawsocket: true })).equal('')
  })

  it('say which keys are for transports of another type, or need another key', () => {
    const of = (keys: object) => withTransports({ type: 'rawsocket', ...keys }).join()
    expect(of(web)).contain('.paths: is for transports of type web')
    expect(of({ path: '/x' })).contain('.path: is for transports of type websocket')
    expect(of({ rawsocket: true })).contain('.rawsocket: is for transports of type web')
    expect(of({ endpoint: { mode: '0600' } })).contain('.endpoint.mode: is for unix sockets')
    expect(of({ options: { compression: 'shared' } })).contain(
      '.options.compression: is for WebSockets',
    )
    expect(of({ allowed_origins: ['*'] })).contain('.allowed_origins: is for WebSockets')
    expect(of({ type: 'stomp', allowed_origins: [] })).contain('.allowed_origins: is for WebSock')
    expect(of({ type: 'stomp', serializers: ['cbor'] })).contain('.serializers: is for WAMP')
    expect(of({ serializers: ['cbor'] })).equal('')
    const endpoint = { path: '/a', port: 1, interface: '127.0.0.1' }
    expect(of({ endpoint })).match(/endpoint.interface: goes against path.*port: goes against path/)
    expect(of({ type: 'stomp', endpoint: { path: '/a' } })).equal('')
    // What a reload carries over has all defaults.
    const keys = { type: 'stomp', endpoint, serializers: ['json'], allowed_origins: [] }
    const reloaded = { ...SOUND, transports: [{ ...transport, ...keys }] }
    expect(() => checkConfig(reloaded, { takesIdle: true })).not.throw()
    expect(of({ proxy_protocol: true })).contain('.proxy_protocol: needs trusted_proxies')
    expect(of({ endpoint: { path: '/a', mode: '0999' } })).contain('expected a mode such as 0660')
  })

  it('know what uWebSockets.js cannot do', () => {
    const options = { backend: 'uws' }
    const proxied = { trusted_proxies: ['10.0.0.1'], proxy_protocol: true }
    for (const keys of [
      { ...web, rawsocket: true },
      { type: 'rawsocket' },
      { ...web, ...proxied },
      { ...web, endpoint: { path: '/run/wampd.sock' } },
    ]) {
      expect(faults({ ...keys, options })).contain('options.backend: ')
    }
  })

  it('want addresses and networks of proxies', () => {
    const trusted_proxies = ['10.0.0.0/8', '::1', 'unix', 'proxy.example', '10.0.0.0/99']
    expect(faults({ ...web, trusted_proxies }).split('\n')).deep.equal([
      'transports[0].trusted_proxies[3]: expected an address, a network such as 10.0.0.0/8, or unix',
      'transports[0].trusted_proxies[4]: expected an address, a network such as 10.0.0.0/8, or unix',
    ])
  })

  it('want each unix socket once, whatever the ports say', () => {
    const on = (path: string) => ({ type: 'rawsocket', endpoint: { path } })
    expect(withTransports(on('/a'), on('/b'))).deep.equal([])
    expect(withTransports(on('/a'), on('/a')).join()).contain(
      'endpoint.path: the path is also that of',
    )
  })

  it('take wildcards in origins for whole hosts and ports only', () => {
    const sound = ['https://*.example.com', 'http://localhost:*', 'https://*.a.b:8443', '*', 'null']
    expect(faults({ ...web, allowed_origins: sound })).equal('')
    for (const origin of [
      'https://*example.com',
      'https://a.*.com',
      'https://*',
      'https://a.com/*',
    ]) {
      expect(faults({ ...web, allowed_origins: [origin] }), origin).contain('expected an origin')
    }
  })

  it('want certificates by name that can be used, and each name once', () => {
    const certificate = resolve('test/fixtures/localhost.crt')
    const key = resolve('test/fixtures/localhost.key')
    const tls = (...names: object[]) => faults({ ...web, tls: { certificate, key, names } })
    const named = { names: ['a.example'], certificate, key }
    expect(tls(named)).equal('')
    expect(tls(named, { ...named, names: ['b.example', 'A.example'] })).contain(
      'tls.names[1].names[1]: is named twice',
    )
    expect(tls({ ...named, names: ['*'] })).contain('expected a name such as app.example.com')
    expect(tls({ ...named, key: certificate })).contain('tls.names[0]: cannot be used')
    expect(tls({ ...named, key: '/nowhere' })).contain('tls.names[0].key')
  })
})

describe('the rules of realms', () => {
  it('let a sound configuration pass', () => {
    expect(faultsOf({})).deep.equal([])
  })

  it('want URIs, and each name once', () => {
    const realms = [
      { name: 'r', roles: [user, user] },
      { name: 'a..b', roles: [] },
      { name: 'r', roles: [user] },
    ]
    expect(faultsOf({ realms })).deep.equal([
      'realms[0].roles[1].name: second role of this name in the realm; the first is realms[0].roles[0].name',
      'realms[1].name: "a..b" is not a URI',
      'realms[2].name: second realm of this name; the first is realms[0].name',
    ])
  })

  it('want one rule for a pattern; the same URI with another match is another rule', () => {
    const rule = { uri: 'a.b', match: 'prefix', allow }
    expect(withRules(rule, { uri: 'a.b', allow })).deep.equal([])
    expect(withRules(rule, { uri: 'a.b', allow }, rule)[0]).contain(
      'permissions[2].uri: second rule',
    )
  })

  it('want patterns of the form that the realm takes', () => {
    expect(withRules({ uri: 'a b', allow })[0]).contain('"a b" is not a loose URI')
    expect(withRules({ uri: 'a..b', match: 'prefix', allow })[0]).contain('not a loose prefix')
    const options = { uri_check: 'strict' }
    const permissions = [{ uri: 'A.', match: 'wildcard', allow }]
    const realms = [{ name: 'r', options, roles: [{ ...user, permissions }] }]
    expect(faultsOf({ realms })[0]).contain('"A." is not a strict wildcard pattern')
  })

  it('find rules that are never reached', () => {
    const never = (wide: object, uri: string) =>
      withRules({ allow, ...wide }, { uri, match: 'wildcard', allow }).length > 0
    for (const prefix of ['', 'c', 'com.', 'com.a', 'com.a.']) {
      expect(never({ uri: prefix, match: 'prefix' }, 'com.a..b'), prefix).equal(true)
    }
    expect(never({ uri: 'com.a', match: 'exact' }, 'com.a')).equal(true)
    expect(never({ uri: 'com.', match: 'prefix' }, 'com.a')).equal(true)
    // These leave something to the wildcard.
    expect(never({ uri: 'com.a.b', match: 'prefix' }, 'com.a..b')).equal(false)
    expect(never({ uri: 'com.', match: 'prefix' }, '.a.b')).equal(false)
    expect(never({ uri: '', match: 'prefix' }, 'wamp..b')).equal(false)
    expect(never({ uri: 'wamp', match: 'prefix' }, 'wamp..b')).equal(true)
    expect(never({ uri: 'wamp', match: 'prefix' }, 'wampx..b')).equal(false)
    expect(never({ uri: 'com.a', match: 'exact' }, 'com..a')).equal(false)
    const text = withRules(
      { uri: '', match: 'prefix', allow },
      { uri: 'a.', match: 'wildcard', allow },
    )
    expect(text).deep.equal([
      'realms[0].roles[0].permissions[1].uri: is never reached: all that it meets is met by the rule that goes before it, realms[0].roles[0].permissions[0]',
    ])
  })

  it('find what nobody can be allowed', () => {
    for (const wrong of [{ register: true }, { publish: true }]) {
      expect(withRules({ uri: 'wamp.x', allow: wrong })[0]).contain('the router’s own')
      expect(withRules({ uri: 'wampx', allow: wrong })).deep.equal([])
    }
    expect(withRules({ uri: 'wamp.x', allow: { call: true, subscribe: true } })).deep.equal([])
  })

  it('take thousands of rules in a moment', () => {
    const rules = Array.from({ length: 20_000 }, (_, i) => ({
      uri: `a..x${i}`,
      match: 'wildcard',
      allow,
    }))
    expect(withRules(...rules)).deep.equal([])
  }).timeout(5000)
})

describe('the rules of authenticators', () => {
  it('want a method, a transport that names it, and roles that some realm has', () => {
    const principals = { joe: { ticket: 'x', role: 'nobody' }, ann: { ticket: 'x', role: 'user' } }
    const authenticators = {
      users,
      none: {},
      more: { ticket: { principals }, anonymous: { role: 'who' } },
    }
    expect(faultsOf({ authenticators })).deep.equal([
      'authenticators.none: has no method',
      'authenticators.none: no transport names this authenticator in auth',
      'authenticators.more.ticket.principals.joe.role: no realm has the role "nobody"',
      'authenticators.more.anonymous.role: no realm has the role "who"',
      'authenticators.more: no transport names this authenticator in auth',
    ])
  })

  it('want no transport where the application has ports of its own', () => {
    expect(faultsOf({ transports: [] })).deep.equal([])
  })
})

describe('the rules of transports', () => {
  it('want authenticators and realms that are there, each once', () => {
    expect(
      withTransports({ auth: ['user', 'users', 'users'], realms: ['r', 'R', 'x.y.z'] }),
    ).deep.equal([
      'transports[0].auth[0]: there is no authenticator "user"; did you mean "users"?',
      'transports[0].auth[2]: is named twice',
      'transports[0].realms[1]: there is no realm "R"; did you mean "r"?',
      'transports[0].realms[2]: there is no realm "x.y.z"',
    ])
    expect(withTransports({ auth: [] })).deep.equal([
      'transports[0].auth: expected a list that is not empty, found a list',
    ])
  })

  it('want a name of its own for each', () => {
    const twice = { endpoint: { port: 0 } }
    expect(
      faultsOf({
        transports: [
          { ...transport, ...twice },
          { ...transport, ...twice },
        ],
      }),
    ).deep.equal(['transports[1].id: second transport of this id; the first is transports[0].id'])
  })

  it('want a port of its own for each, unless their addresses differ', () => {
    const both = (a: string, b: string, port = 8080) =>
      withTransports({ endpoint: { interface: a, port } }, { endpoint: { interface: b, port } })
    for (const [a, b] of [
      ['127.0.0.1', '127.0.0.1'],
      ['0.0.0.0', '127.0.0.1'],
      ['10.0.0.1', '0.0.0.0'],
      ['::', '127.0.0.1'],
      ['::1', '::'],
      ['::', '0.0.0.0'],
      ['localhost', '127.0.0.1'],
      ['::1', 'localhost'],
    ] as const) {
      expect(both(a, b), `${a} ${b}`).deep.equal([
        'transports[1].endpoint.port: the port is also that of transports[0]',
      ])
      expect(both(a, b, 0)).deep.equal([])
    }
    for (const [a, b] of [
      ['127.0.0.1', '127.0.0.2'],
      ['::1', '127.0.0.1'],
      ['0.0.0.0', '::1'],
    ] as const) {
      expect(both(a, b), `${a} ${b}`).deep.equal([])
    }
  })

  it('want a certificate and a key that can be read and fit each other', () => {
    const [certificate, key] = ['crt', 'key'].map(name =>
      resolve(`test/fixtures/localhost.${name}`),
    )
    const tls = (keys: object) => withTransports({ tls: { certificate, key, ...keys } })
    expect(tls({})).deep.equal([])
    expect(tls({ certificate: '/none', key: '/' })).deep.equal([
      'transports[0].tls.certificate: no such file',
      'transports[0].tls.key: is a folder',
    ])
    expect(tls({ certificate: key })[0]).match(/^transports\[0\]\.tls: cannot be used: /)
    expect(tls({ key: certificate })[0]).match(/^transports\[0\]\.tls: cannot be used: /)
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const other = file('other.key', String(privateKey.export({ type: 'pkcs8', format: 'pem' })))
    expect(tls({ key: other })[0]).match(/mismatch/)
  })
})

describe('the rules of objects given in code', () => {
  it('have no files to include', () => {
    expect(faultsOf({ include: ['a'] })).deep.equal(['include: only a file can include others'])
  })

  it('pass over what is there for nothing, if they are asked to', () => {
    const idle = { ...SOUND, include: ['a'], authenticators: { users, more: users } }
    expect(() => checkConfig(idle)).throw(ConfigError)
    expect(checkConfig(idle, { takesIdle: true }).config.authenticators).keys('users', 'more')
  })
})

describe('rules over several files', () => {
  it('say in which file and line both things are that do not go together', () => {
    const main = file(
      'main.yaml',
      'version: 1\ninclude: [r-*.yaml]\nrealms:\n  - {name: a, roles: []}\n',
    )
    const one = file('r-1.yaml', 'version: 1\n\nrealms:\n  - name: b\n    roles: []\n')
    const two = file(
      'r-2.yaml',
      'version: 1\nrealms:\n- {name: b, roles: []}\n- {name: a, roles: []}\n',
    )
    expect(() => readConfig(main)).throw(
      ConfigError,
      [
        `${two}:3:10: realms[0].name: second realm of this name; the first is realms[0].name (${one}:4)`,
        `${two}:4:10: realms[1].name: second realm of this name; the first is realms[0].name (${main}:4)`,
      ].join('\n'),
    )
  })

  it('come after those of each file, all of which are told at once', () => {
    const main = file(
      'bad.yaml',
      'version: 1\ninclude: [bad-*.yaml, none.yaml]\nx: 1\nrealms: []\n',
    )
    const one = file('bad-1.yaml', 'version: 1\nrealms:\n  - {name: b, role: []}\n')
    const two = file('bad-2.yaml', 'version: 1\nlog: {}\ninclude: []\n')
    const three = file('bad-3.yaml', 'version: [\n')
    expect(() => readConfig(main))
      .throw(ConfigError)
      .property('problems')
      .satisfies((problems: object[]) => {
        const places = problems.map(one => Object.values(one).slice(0, 4).join(' '))
        expect(places).deep.equal([
          `${one} 3 5 realms[0]`,
          `${one} 3 15 realms[0].role`,
          `${two} 2 1 log`,
          `${two} 3 1 include`,
          `${three} 2 1 `,
          `${main} 2 23 include[1]`,
          `${main} 3 1 x`,
        ])
        return true
      })
  })

  it('let a pattern meet the file that has it, and a file be named twice', () => {
    const main = file('self-0.yaml', 'version: 1\ninclude: [self-*.yaml, self-1.yaml]\nlog: {}\n')
    const one = file('self-1.yaml', 'version: 1\nrealms: [{name: a, roles: []}]\n')
    const { config, files } = readConfig(main)
    expect(files).deep.equal([main, one])
    expect(config.realms.map(({ name }) => name)).deep.equal(['a'])
  })
})
