import { expect } from 'chai'
import fc from 'fast-check'
import { parseConfig } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/problem.ts'
import { migrate, type OldRouter } from '../../src/migrate/migrate.ts'

/** No value of a secret may be in a report: here each of them is, or holds, this. */
const SECRET = 'h4sh-h4sh'

const user = { role: 'user', realm: 'realm1' }
const rule = { uri: 'com.*', match: 'prefix', allow: { call: true }, cache: true, call: true }

/** A file of each router that has all its keys. */
const WHOLE: Readonly<Record<OldRouter, object>> = {
  crossbar: {
    version: 2,
    controller: { id: 'x' },
    workers: [
      {
        type: 'router',
        options: { env: { vars: { A: SECRET } } },
        realms: [
          {
            name: 'realm1',
            options: { uri_check: 'loose', enable_meta_api: true, bridge_meta_api: false },
            store: { type: 'memory', limit: 5, 'event-history': [{ uri: 'com.a', limit: 3 }] },
            roles: [
              { name: 'user', permissions: [rule, { ...rule, uri: 'com..a', match: 'wildcard' }] },
              { name: 'other', authorizer: 'com.authorize' },
            ],
          },
        ],
        transports: [
          {
            type: 'universal',
            endpoint: { type: 'tcp', port: 8080, interface: '::1', backlog: 5 },
            rawsocket: { serializers: ['cbor'], options: { max_message_size: 65536 } },
            websocket: {
              ws: {
                type: 'websocket',
                options: {
                  ...{ allowed_origins: ['*'], auto_ping_interval: 1000, fail_by_drop: true },
                  compression: { deflate: {} },
                },
                cookie: { store: { type: 'memory' } },
                auth: {
                  anonymous: { type: 'static', ...user },
                  ticket: { type: 'static', principals: { joe: { ticket: SECRET, ...user } } },
                  wampcra: {
                    type: 'static',
                    users: { joe: { secret: SECRET, salt: 's', iterations: 10, ...user } },
                  },
                  scram: { type: 'static', principals: { joe: { 'stored-key': SECRET, ...user } } },
                  cryptosign: { type: 'dynamic', authenticator: 'com.auth' },
                },
              },
            },
            web: {
              paths: {
                lp: { type: 'longpoll', options: { request_timeout: 5 } },
                post: {
                  type: 'publisher',
                  ...user,
                  options: { key: 'a', secret: SECRET, require_ip: ['x'] },
                },
                files: { type: 'static', directory: '.', options: { default_file: 'x' } },
              },
            },
          },
          { type: 'rawsocket', endpoint: { type: 'unix', path: 'x.sock' } },
        ],
        components: [{ type: 'class', extra: { password: SECRET } }],
      },
      { type: 'guest', executable: 'x', arguments: [SECRET] },
    ],
  },
  nexus: {
    websocket: { address: ':8080', keep_alive: 30, allow_origins: ['*.a'], cert_file: 'x' },
    rawsocket: { tcp_address: 'localhost:8081', unix_address: '/x', max_msg_len: 0 },
    router: {
      realms: [
        {
          ...{ uri: 'realm1', strict_uri: true, anonymous_auth: true, allow_disclose: false },
          event_history: [{ topic: 'com.a', match: 'exact', limit: 5 }],
        },
      ],
      debug: true,
    },
  },
  nxt: {
    version: '1',
    realms: [
      {
        name: 'realm1',
        roles: [
          { name: 'user', permissions: [{ uri: 'com.', match: 'prefix', allow_call: true }] },
        ],
      },
    ],
    transports: [
      { type: 'websocket', listener: 'tcp', address: 'localhost:8080', serializers: ['json'] },
      { type: 'universal', listener: 'unix', address: '~/x', ratelimit: { rate: 5 } },
    ],
    authenticators: {
      ticket: [{ authid: 'joe', ticket: SECRET, ...user }],
      wampcra: [{ authid: 'joe', secret: SECRET, salt: 'x', ...user }],
      cryptosign: [{ authid: 'joe', authorized_keys: ['ab'.repeat(32)], ...user }],
      anonymous: [{ authid: 'joe', ...user }],
    },
  },
}

/** What a value can become that somebody got wrong. */
const wrong = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, '', 0, -1, 1e9, 0.5, [], {}, 'wamp.', '${', 'a b'),
  fc.constantFrom<unknown>('__proto__', '*', '\n', '$X', '${X}', '../..', 'constructor'),
  fc.string(),
  fc.integer(),
  fc.array(fc.string(), { maxLength: 2 }),
  fc.dictionary(fc.string(), fc.string(), { maxKeys: 2, noNullPrototype: true }),
)

type Mutation = readonly [where: number, how: number, value: unknown]

/** Changes the value at one of the places of the data; or takes it away, doubles or renames it. */
function mutated(data: unknown, [where, how, value]: Mutation): unknown {
  const copy = structuredClone(data)
  const places: [holder: Record<string, unknown>, key: string][] = []
  const walk = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key])
      walk((node as Record<string, unknown>)[key])
    }
  }
  walk(copy)
  const [holder, key] = places[where % places.length] ?? []
  if (holder === undefined || key === undefined) return copy
  const isList = Array.isArray(holder)
  const put = (name: string, value: unknown) =>
    Object.defineProperty(holder, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  const acts = [
    () => put(key, value),
    () => Reflect.deleteProperty(holder, key),
    () => (isList ? holder.push(holder[Number(key)]) : put(nameOf(value), holder[key])),
  ]
  acts[how % acts.length]?.()
  return copy
}

const nameOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

const mutation = fc.tuple(fc.nat(1000), fc.nat(2), wrong)

/** The outcome is sound, tells no secret and has a row of each line, or the source is refused clearly. */
function check(router: OldRouter, text: string): void {
  let result: ReturnType<typeof migrate>
  try {
    result = migrate(router, text, { file: 'old.json', out: 'wampd.yaml', env: {} })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    expect(error.message).to.not.contain(SECRET)
    expect(error.message).to.not.contain('cannot be made sound')
    return
  }
  expect(JSON.stringify(result.rows)).to.not.contain(SECRET)
  const env = Object.fromEntries(result.variables.map((name, i) => [name, String(30_000 + i)]))
  parseConfig(result.text, 'wampd.yaml', env)
}

describe('migrate: whatever comes, the outcome is sound or the source is refused', function () {
  this.timeout(60_000)

  for (const [router, whole] of Object.entries(WHOLE) as [OldRouter, object][]) {
    it(`for files of ${router} in which things are wrong`, () => {
      const property = fc.property(fc.array(mutation, { maxLength: 4 }), mutations => {
        const data = mutations.reduce(mutated, whole)
        check(router, JSON.stringify(data, null, 1) ?? '')
      })
      fc.assert(property, { numRuns: 100 })
    })

    it(`for texts of ${router} with a piece cut out, doubled or replaced`, () => {
      const text = JSON.stringify(whole, null, 1)
      const cut = fc.tuple(
        fc.nat(text.length),
        fc.nat(40),
        fc.string({ maxLength: 8 }),
        fc.boolean(),
      )
      const property = fc.property(cut, ([at, length, put, isDouble]) => {
        const end = isDouble ? at : at + length
        check(router, text.slice(0, at) + put + text.slice(end))
      })
      fc.assert(property, { numRuns: 60 })
    })
  }

  it('for any text', () => {
    const any = fc.oneof(fc.string(), fc.json())
    fc.assert(
      fc.property(any, fc.constantFrom<OldRouter>('crossbar', 'nexus', 'nxt'), (text, router) =>
        check(router, text),
      ),
      { numRuns: 100 },
    )
  })
})
