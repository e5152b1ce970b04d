import { expect } from 'chai'
import fc from 'fast-check'
import { changes, withoutRestart } from '../../src/config/diff.ts'
import { ConfigError, checkConfig, type Loaded, parseConfig } from '../../src/config/load.ts'

const TEXT = `version: 1
realms:
  - name: com.example.app
    roles:
      - name: user
        permissions:
          - { uri: com.example.time, allow: { call: true } }
          - { uri: com.example., match: prefix, allow: { subscribe: true } }
authenticators:
  users: { ticket: { principals: { joe: { ticket: s3cret, role: user } } } }
transports:
  - { id: web, type: websocket, auth: [users] }
shutdown: { grace: 30s }
`
const load = (text: string, env = {}) => parseConfig(text, 'f.yaml', env)
const loaded = load(TEXT)

/** What changes when a piece of the text is another. */
function changesBy(piece: string, instead: string): string[] {
  expect(TEXT).contain(piece)
  return changes(loaded, load(TEXT.replace(piece, instead))).map(
    ({ path, before, after, reload }) => `${reload} ${path}: ${before} -> ${after}`,
  )
}

describe('changes', () => {
  it('are none between equals, also where one leaves defaults out', () => {
    expect(changes(loaded, load(TEXT))).deep.equal([])
    expect(changesBy('auth: [users]', 'auth: [users], path: /ws')).deep.equal([])
    expect(changesBy('30s', '30000')).deep.equal([])
  })

  it('say where, from what to what as it is written, and when that takes effect', () => {
    expect(changesBy('30s', '1m')).deep.equal(['live shutdown.grace: 30s -> 1m'])
    expect(changesBy('auth: [users]', 'auth: [users], path: /x')).deep.equal([
      'new transports[web].path: /ws -> /x',
    ])
    expect(changesBy('auth: [users]', 'auth: [users], endpoint: {port: 1}')).deep.equal([
      'restart transports[web].endpoint.port: 8080 -> 1',
    ])
    expect(changesBy('auth: [users]', 'auth: [users], serializers: [json]')).deep.equal([
      'new transports[web].serializers: [json, msgpack, cbor] -> [json]',
    ])
    expect(changesBy('    roles', '    options: { uri_check: strict }\n    roles')).deep.equal([
      'restart realms[com.example.app].options.uri_check: loose -> strict',
    ])
  })

  it('name items by what tells them apart, wherever they are in their list', () => {
    expect(changesBy('call: true', 'call: false')).deep.equal([
      'live realms[com.example.app].roles[user].permissions[exact com.example.time].allow.call: true -> false',
    ])
    expect(changesBy('realms:\n', 'realms:\n  - { name: a, roles: [] }\n')).deep.equal([
      'live realms[a]: undefined -> {…}',
    ])
    const rule = '          - { uri: com.example.time, allow: { call: true } }\n'
    expect(changesBy(rule, '')).deep.equal([
      'live realms[com.example.app].roles[user].permissions[exact com.example.time]: {…} -> undefined',
    ])
    const other = '  - { id: other, type: websocket, endpoint: { port: 1 }, auth: [users] }\n'
    expect(changesBy('shutdown', `${other}shutdown`.trimStart().replace(/^/, '  '))).deep.equal([
      'restart transports[other]: undefined -> {…}',
    ])
  })

  it('mask secrets', () => {
    expect(changesBy('s3cret', 'other')).deep.equal([
      'live authenticators.users.ticket.principals.joe.ticket: (secret) -> (secret)',
    ])
    expect(changesBy('joe: {', 'ann: { ticket: other, role: user }, joe: {')).deep.equal([
      'live authenticators.users.ticket.principals.ann: undefined -> {…}',
    ])
  })

  it('show variables as they are written, in names and lists too', () => {
    const text = TEXT.replace('com.example.app', '"${REALM}"').replace(
      '[users]',
      '[users], allowed_origins: ["https://${HOST}"]',
    )
    const said = (HOST: string) =>
      changes(loaded, load(text, { REALM: 'com.example.app', HOST })).map(one => ({ ...one }))
    expect(said('h')).deep.equal([
      {
        path: 'transports[web].allowed_origins',
        before: '[]',
        after: '[https://${HOST}]',
        reload: 'new',
      },
    ])
    const one = load(text, { REALM: 'r1', HOST: 'h' })
    const other = load(text, { REALM: 'r2', HOST: 'h' })
    expect(changes(one, other).map(({ path }) => path)).deep.equal([
      'realms[${REALM}]',
      'realms[${REALM}]',
    ])
  })
})

describe('what can be taken up without a restart', () => {
  const taken = (piece: string, instead: string) =>
    withoutRestart(loaded, load(TEXT.replace(piece, instead)))

  it('is all but what only a restart changes', () => {
    const next = taken('auth: [users]', 'path: /x, endpoint: { port: 1 }, auth: [users]')
    const [transport] = next.config.transports
    expect(transport).deep.include({ path: '/x', endpoint: { interface: '127.0.0.1', port: 8080 } })
  })

  it('keeps a transport that is gone, and leaves out one that is new, with its authenticator', () => {
    const other = load(
      TEXT.replace('id: web', 'id: other')
        .replace('  users:', '  more: { anonymous: { role: user } }\n  users:')
        .replace('[users]', '[users, more]'),
    )
    const { config } = withoutRestart(loaded, other)
    expect(config.transports.map(({ id }) => id)).deep.equal(['web'])
    expect(config.authenticators).keys('users', 'more')
  })

  it('keeps how things are written beside what they are', () => {
    const text = TEXT.replace('id: web', 'id: other, endpoint: { port: "${PORT}" }')
    const next = withoutRestart(loaded, load(text, { PORT: '4711' }))
    expect(next.written).deep.include({
      transports: [{ id: 'web', type: 'websocket', auth: ['users'] }],
    })
    expect(changes(next, loaded)).deep.equal([])
  })

  it('is refused where old and new do not go together', () => {
    const renamed = TEXT.replaceAll('users', 'people').replace('id: web', 'id: other')
    expect(() => withoutRestart(loaded, load(renamed))).throw(
      ConfigError,
      'transports[0].auth[0]: there is no authenticator "users"; only a restart takes up all that the new configuration has',
    )
  })

  it('differs from the new one in what waits for a restart, and from the old one in all else', function () {
    this.timeout(60_000)
    let taken = 0
    fc.assert(
      fc.property(config, config, (before, after) => {
        let next: Loaded
        try {
          next = withoutRestart(before, after)
        } catch (error) {
          if (error instanceof ConfigError) return
          throw error
        }
        taken++
        for (const { reload, path } of changes(next, after)) expect(reload, path).equal('restart')
        for (const { reload, path } of changes(before, next))
          expect(reload, path).not.equal('restart')
        // It is sound by itself, and nothing is lost where nothing waits.
        expect(checkConfig(next.config, { takesIdle: true }).config).deep.equal(next.config)
        expect(changes(withoutRestart(next, after), next)).deep.equal([])
      }),
      { numRuns: 200 },
    )
    expect(taken).above(50)
  })
})

/** Sound configurations of few names, so that two of them have much in common. */
const name = fc.constantFrom('a', 'b', 'c')
const allow = fc.record({ call: fc.boolean(), publish: fc.boolean() })
const permission = fc.record({ uri: name, match: fc.constantFrom('exact', 'prefix'), allow })
const role = fc.record({
  name: fc.constantFrom('user', 'guest'),
  permissions: fc.uniqueArray(permission, { selector: ({ uri, match }) => `${match} ${uri}` }),
})
const realm = fc.record({
  name,
  options: fc.record({
    uri_check: fc.constantFrom('loose', 'strict'),
    strict_request_ids: fc.boolean(),
  }),
  roles: fc.uniqueArray(role, { selector: ({ name }) => name }),
})
const transport = fc.record({
  id: fc.constantFrom('t', 'u'),
  type: fc.constant('websocket'),
  auth: fc.uniqueArray(name, { minLength: 1, maxLength: 2 }),
  path: fc.constantFrom('/ws', '/x'),
  endpoint: fc.record({ port: fc.constant(0), interface: fc.constantFrom('127.0.0.1', '::1') }),
  options: fc.record({
    backend: fc.constantFrom('ws', 'auto'),
    send_buffer: fc.constantFrom('1MB', 4096),
  }),
})
const config = fc
  .record({
    version: fc.constant(1),
    realms: fc.uniqueArray(realm, { selector: ({ name }) => name }),
    transports: fc.uniqueArray(transport, { selector: ({ id }) => id }),
    log: fc.record({
      level: fc.constantFrom('info', 'warn'),
      format: fc.constantFrom('json', 'auto'),
    }),
    control: fc.option(fc.record({ path: fc.constantFrom('/a', '/b') }), { nil: undefined }),
    ticket: fc.constantFrom('x', 'y'),
  })
  .map(({ ticket, realms, control, ...keys }) => {
    const named = new Set(keys.transports.flatMap(({ auth }) => auth))
    const principals = { joe: { ticket, role: 'staff' } }
    return checkConfig({
      ...keys,
      ...(control === undefined ? {} : { control }),
      // There for the authenticators.
      realms: [...realms, { name: 'home', roles: [{ name: 'staff', permissions: [] }] }],
      authenticators: Object.fromEntries(
        [...named].map(name => [name, { ticket: { principals } }]),
      ),
    })
  })
