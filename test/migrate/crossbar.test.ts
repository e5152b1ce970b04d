import { copyFileSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { Rules } from '../../src/realm/authorize.ts'
import { ConfigFolder } from '../helpers/config-folder.ts'
import { migrated, type Outcome } from './migrating.ts'

const ALL = { call: true, register: true, publish: true, subscribe: true }
const RULE = { uri: 'com.example.', match: 'prefix', allow: { call: true } }
const ROLE = { name: 'anonymous', permissions: [RULE] }
const REALM = { name: 'realm1', roles: [ROLE] }
const ENDPOINT = { type: 'tcp', port: 8080, interface: '127.0.0.1' }
const TRANSPORT = { type: 'websocket', endpoint: ENDPOINT }

const nodeOf = (...workers: object[]) => JSON.stringify({ version: 2, workers }, null, 1)

/** What becomes of a router with these keys in place of the usual ones. */
function worker(keys: object, options?: Parameters<typeof migrated>[2]): Outcome {
  const router = { type: 'router', realms: [REALM], transports: [TRANSPORT], ...keys }
  return migrated('crossbar', nodeOf(router), options)
}
const realm = (keys: object) => worker({ realms: [{ ...REALM, ...keys }] })
const role = (keys: object) => realm({ roles: [{ ...ROLE, ...keys }] })
const rules = (...permissions: object[]) => role({ permissions })
const transport = (keys: object, options?: Parameters<typeof migrated>[2]) =>
  worker({ transports: [{ ...TRANSPORT, ...keys }] }, options)
const path = (keys: object, options?: Parameters<typeof migrated>[2]) =>
  transport({ type: 'web', paths: { ws: { type: 'websocket' }, it: keys } }, options)

const permissionsOf = ({ config }: Outcome) => config.realms[0]?.roles[0]?.permissions ?? []
const transportOf = ({ config }: Outcome) => config.transports[0]
const authOf = ({ config }: Outcome) => config.authenticators
const textOf = (outcome: Outcome, fate: 'changed' | 'dropped') => outcome.of(fate).join('\n')

/** The paths of what was dropped, without what `node` always has. */
const droppedAt = ({ rows }: Outcome) =>
  rows.filter(({ fate }) => fate === 'dropped').map(({ path }) => path)

describe('migrate crossbar: realms', () => {
  it('takes over realms, roles and rules, with the lines', () => {
    const outcome = worker({})
    expect(outcome.config.realms[0]?.name).to.equal('realm1')
    expect(permissionsOf(outcome)).to.have.length(1)
    expect(permissionsOf(outcome)[0]).to.deep.include({ uri: 'com.example.', match: 'prefix' })
    expect(outcome.of('dropped')).to.deep.equal([])
    const name = outcome.rows.find(({ path }) => path === 'workers[0].realms[0].name')
    expect(name).to.deep.equal({
      ...{ fate: 'converted', file: 'old.json', line: 8, to: 'realms[].name' },
      path: 'workers[0].realms[0].name',
    })
  })

  it('reads stars as patterns where no match is given, and as themselves where one is', () => {
    const given = ['com.a', 'com.b.*', 'com.*.save', '*']
    const outcome = rules(...given.map(uri => ({ uri, allow: { call: true } })))
    const patterns = permissionsOf(outcome).map(({ uri, match }) => `${match} ${uri}`)
    // The last one goes before the wildcard for all that this meets; in Crossbar it is the other way.
    expect(patterns).to.deep.equal(['exact com.a', 'prefix com.b.', 'prefix '])
    expect(textOf(outcome, 'dropped')).to.contain('is never reached')
    const literal = rules({ uri: 'com.*', match: 'prefix', allow: {} })
    expect(permissionsOf(literal)[0]?.uri).to.equal('com.*')
    expect(textOf(literal, 'changed')).to.contain('the * stands for itself')
  })

  it('reads the flat rights of version 1', () => {
    const outcome = rules({ uri: 'com.x*', call: true, publish: false })
    expect(permissionsOf(outcome)[0]).to.deep.include({ uri: 'com.x', match: 'prefix' })
    expect(permissionsOf(outcome)[0]?.allow).to.deep.include({ call: true, publish: false })
  })

  it('keeps who is always disclosed, and leaves the rest to who calls', () => {
    const disclose = { caller: true, publisher: false }
    const [rule] = permissionsOf(rules({ ...RULE, disclose, cache: true }))
    expect(rule?.disclose).to.deep.equal({ caller: 'always', publisher: 'requested' })
  })

  it('lets the last of several rules for a URI count, as Crossbar does', () => {
    const outcome = rules(
      { uri: 'com.a', match: 'prefix', allow: ALL },
      { uri: 'com.a', match: 'exact', allow: {} },
    )
    expect(permissionsOf(outcome).map(({ match }) => match)).to.deep.equal(['exact'])
    expect(textOf(outcome, 'changed')).to.contain('for the same URI counts')
  })

  it('says where an exact rule kept wider ones from longer URIs', () => {
    const outcome = rules({ ...RULE, uri: 'com.' }, { uri: 'com.a', match: 'exact', allow: {} })
    expect(textOf(outcome, 'changed')).to.contain('the rule for "com." counts')
    const longer = new Rules(permissionsOf(outcome), 'loose').deciding('com.a.b')
    expect(longer?.uri).to.equal('com.')
  })

  it('gives wide rules no meta API, says so, and writes the rule beside it', () => {
    const outcome = rules({ uri: '', match: 'prefix', allow: ALL })
    expect(permissionsOf(outcome)).to.have.length(1)
    expect(textOf(outcome, 'changed')).to.contain('gave the meta API (wamp.) as well')
    expect(outcome.text).to.contain(
      '# - { uri: wamp., match: prefix, allow: { call: true, subscribe: true } }',
    )
    const off = realm({
      options: { enable_meta_api: false },
      roles: [{ ...ROLE, permissions: [{ uri: '', match: 'prefix', allow: ALL }] }],
    })
    expect(off.text).to.not.contain('meta API too')
  })

  it('keeps rules for the meta API, without what nobody can be allowed', () => {
    const outcome = rules({ uri: 'wamp.', match: 'prefix', allow: ALL })
    expect(permissionsOf(outcome)[0]?.allow).to.deep.equal({
      ...{ call: true, register: false, publish: false, subscribe: true },
    })
    expect(textOf(outcome, 'changed')).to.contain('register and publish are left out')
  })

  it('asks an authorizer each time, as Crossbar does', () => {
    const outcome = role({ permissions: undefined, authorizer: 'com.example.authorize' })
    const [only] = outcome.config.realms[0]?.roles ?? []
    expect(only?.authorizer).to.deep.include({ procedure: 'com.example.authorize', cache: 0 })
    expect(textOf(outcome, 'changed')).to.contain('URIs of wamp. need rules')
  })

  it('writes out that a role may do all by default', () => {
    const outcome = role({ permissions: undefined, 'allow-by-default': true })
    expect(permissionsOf(outcome)[0]).to.deep.include({ uri: '', match: 'prefix' })
    expect(permissionsOf(role({ 'allow-by-default': true }))).to.have.length(1)
  })

  it('takes over options and histories', () => {
    const outcome = realm({
      options: { uri_check: 'strict', bridge_meta_api: false, event_dispatching_chunk_size: 10 },
      store: {
        type: 'memory',
        limit: 7,
        'event-history': [
          { uri: 'com.a', limit: 5 },
          { uri: 'com.', match: 'prefix' },
        ],
      },
    })
    const [first] = outcome.config.realms
    expect(first?.options.uri_check).to.equal('strict')
    expect(first?.event_history.map(({ uri, match, limit }) => [uri, match, limit])).to.deep.equal([
      ['com.a', 'exact', 5],
      ['com.', 'prefix', 7],
    ])
    expect(droppedAt(outcome)).to.deep.equal([])
  })

  it('gives a store on disk a file of its own', () => {
    const outcome = realm({ store: { type: 'cfxdb', path: '.db/realm1', 'call-queue': [{}] } })
    expect(outcome.config.realms[0]?.store.type).to.equal('lmdb')
    expect(outcome.text).to.contain('path: .db/realm1.mdb')
    expect(droppedAt(outcome)).to.deep.equal(['workers[0].realms[0].store.call-queue'])
  })

  it('brings routers together, each with its own realms on its ports', () => {
    const second = {
      type: 'router',
      realms: [{ name: 'realm2', roles: [ROLE] }, REALM],
      transports: [{ ...TRANSPORT, endpoint: { ...ENDPOINT, port: 8081 } }],
    }
    const first = { type: 'router', realms: [REALM], transports: [TRANSPORT] }
    const outcome = migrated('crossbar', nodeOf(first, second))
    expect(outcome.config.realms.map(({ name }) => name)).to.deep.equal(['realm1', 'realm2'])
    expect(outcome.config.transports.map(({ realms }) => realms)).to.deep.equal([
      ['realm1'],
      ['realm2', 'realm1'],
    ])
    expect(textOf(outcome, 'changed')).to.contain('is the same as the role of line')
  })

  it('does not mix two roles of one name', () => {
    const other = { ...ROLE, permissions: [{ ...RULE, uri: 'com.other.' }] }
    const outcome = realm({ roles: [ROLE, other] })
    expect(permissionsOf(outcome)).to.have.length(1)
    expect(textOf(outcome, 'dropped')).to.contain('the realm has another role of this name')
  })
})

describe('migrate crossbar: authentication', () => {
  const static_ = (method: string, keys: object) =>
    transport({ auth: { [method]: { type: 'static', ...keys } } })

  it('lets everybody in as anonymous where no auth is given, as Crossbar does', () => {
    const outcome = worker({})
    expect(authOf(outcome)).to.deep.equal({ anonymous: { anonymous: { role: 'anonymous' } } })
    expect(textOf(outcome, 'changed')).to.contain('has no auth')
  })

  it('takes over users of each method', () => {
    const outcome = transport({
      id: 'main',
      auth: {
        anonymous: { type: 'static', role: 'anonymous' },
        ticket: {
          type: 'static',
          principals: { joe: { ticket: 'geheim $' + '{x', role: 'anonymous' } },
        },
        wampcra: { type: 'static', users: { ann: { secret: 'hush', role: 'anonymous' } } },
        cryptosign: {
          type: 'static',
          principals: { key: { authorized_keys: ['AB'.repeat(32)], role: 'anonymous' } },
        },
      },
    })
    const { main } = authOf(outcome)
    expect(main?.ticket?.principals.joe?.ticket).to.equal('geheim $' + '{x')
    expect(main?.wampcra?.principals.ann).to.deep.include({ secret: 'hush' })
    expect(main?.cryptosign?.principals.key?.authorized_keys).to.deep.equal(['ab'.repeat(32)])
    expect(outcome.of('dropped')).to.deep.equal([])
  })

  it('has ways in with the same users share an authenticator', () => {
    const one = { type: 'websocket', auth: { anonymous: { type: 'static', role: 'anonymous' } } }
    const outcome = transport({ type: 'web', paths: { a: one, b: one } })
    expect(Object.keys(authOf(outcome))).to.deep.equal(['web-8080'])
    expect(transportOf(outcome)?.auth).to.deep.equal(['web-8080'])
  })

  it('makes the salted key of a password that stands beside a salt', () => {
    const users = {
      new: { secret: 'hush', salt: 's', iterations: 100, keylen: 16, role: 'anonymous' },
      old: {
        ...{ salt: 's', iterations: 100, keylen: 16, role: 'anonymous' },
        secret: 'prq7+YkJ1/KlW1X0YczMHw==',
      },
    }
    const outcome = static_('wampcra', { users })
    const principals = Object.values(authOf(outcome))[0]?.wampcra?.principals
    expect(principals?.old?.secret).to.equal('prq7+YkJ1/KlW1X0YczMHw==')
    expect(principals?.new?.secret).to.match(/^[\w+/]{22}==$/)
    expect(textOf(outcome, 'changed')).to.contain('was the password')
    expect(textOf(outcome, 'changed')).to.contain('is taken for the salted key')
  })

  it('brings SCRAM from hex into base64', () => {
    const keys = {
      ...{ kdf: 'argon2id-13', iterations: 4096, memory: 512, role: 'anonymous' },
      ...{ salt: '00ff'.repeat(8), 'stored-key': 'ab'.repeat(32), 'server-key': 'cd'.repeat(32) },
    }
    const outcome = static_('scram', { principals: { joe: keys, bad: { ...keys, salt: 'x' } } })
    const { joe, ...others } = Object.values(authOf(outcome))[0]?.scram?.principals ?? {}
    expect(others).to.deep.equal({})
    expect(joe).to.deep.include({
      kdf: 'argon2id13',
      memory: 512,
      salt: 'AP8A/wD/AP8A/wD/AP8A/w==',
    })
    expect(Buffer.from(joe?.stored_key ?? '', 'base64').toString('hex')).to.equal('ab'.repeat(32))
    expect(droppedAt(outcome)[0]).to.match(/scram\.principals\.bad$/)
  })

  it('keeps variables, and says which are needed', () => {
    const outcome = static_('ticket', {
      principals: { joe: { ticket: '$' + '{JOE_TICKET}', role: 'anonymous' } },
    })
    expect(outcome.variables).to.deep.equal(['JOE_TICKET'])
    expect(outcome.text).to.contain('ticket: ${' + 'JOE_TICKET}')
  })

  it('writes out the role that may do all', () => {
    const outcome = static_('ticket', { principals: { joe: { ticket: 'x', role: 'trusted' } } })
    const trusted = outcome.config.realms[0]?.roles.find(({ name }) => name === 'trusted')
    expect(trusted?.permissions.map(({ uri }) => uri)).to.deep.equal(['', 'wamp.'])
  })

  it('keeps users of one realm out of others', () => {
    const outcome = worker({
      realms: [REALM, { ...REALM, name: 'realm2' }],
      transports: [
        {
          ...TRANSPORT,
          auth: {
            cryptosign: {
              type: 'static',
              principals: {
                one: { authorized_keys: ['ab'.repeat(32)], role: 'anonymous', realm: 'realm2' },
                none: { authorized_keys: ['cd'.repeat(32)], role: 'anonymous', realm: 'realm3' },
              },
            },
          },
        },
      ],
    })
    const { one, none } = Object.values(authOf(outcome))[0]?.cryptosign?.principals ?? {}
    expect(none).to.equal(undefined)
    expect(one?.role).to.equal('anonymous@realm2')
    const roles = outcome.config.realms.map(({ roles }) => roles.map(({ name }) => name))
    expect(roles).to.deep.equal([['anonymous'], ['anonymous', 'anonymous@realm2']])
  })

  it('asks procedures, those of one kind together', () => {
    const dynamic = { type: 'dynamic', authenticator: 'com.auth', 'authenticator-realm': 'realm1' }
    const outcome = transport({
      auth: {
        ticket: dynamic,
        wampcra: dynamic,
        scram: { ...dynamic, authenticator: 'com.other' },
        tls: dynamic,
      },
    })
    const sources = Object.values(authOf(outcome)).map(({ dynamic }) => dynamic)
    expect(sources.map(one => [one?.procedure, one?.realm, one?.methods])).to.deep.equal([
      ['com.auth', 'realm1', ['ticket', 'wampcra']],
      ['com.other', 'realm1', ['scram']],
    ])
    expect(droppedAt(outcome)).to.deep.equal(['workers[0].transports[0].auth.tls'])
  })

  it('drops what it cannot do, and the port with the last way in', () => {
    const outcome = transport({
      auth: {
        cookie: {},
        ticket: { type: 'function', create: 'auth.create' },
        tls: {
          type: 'static',
          principals: { joe: { 'certificate-sha1': 'AB:CD', role: 'anonymous' } },
        },
        gss: { type: 'static' },
        'anonymous-proxy': { type: 'static' },
      },
    })
    expect(outcome.config.transports).to.deep.equal([])
    expect(droppedAt(outcome).map(path => path.split('.').at(-1))).to.have.members([
      ...['cookie', 'ticket', 'certificate-sha1', 'joe', 'gss', 'transports[0]'],
    ])
  })
})

describe('migrate crossbar: transports', () => {
  it('serves WebSockets at the paths where clients look for them', () => {
    const outcome = transport({ url: 'ws://localhost:8080/wamp' })
    expect(Object.keys(transportOf(outcome)?.paths ?? {})).to.deep.equal(['/', '/ws', '/wamp'])
  })

  it('listens where Crossbar does', () => {
    const endpoint = (keys: object) => transport({ endpoint: keys })
    const places = [
      endpoint({ type: 'tcp', port: 1234 }),
      endpoint({ type: 'tcp', port: 1234, version: 6 }),
      endpoint({ type: 'tcp', portrange: [1300, 1400] }),
      endpoint({ type: 'tcp', port: '$PORT', interface: '127.0.0.1' }),
      endpoint({ type: 'unix', path: 'run/it.sock', backlog: 5 }),
    ].map(outcome => transportOf(outcome)?.endpoint)
    expect(places.map(one => [one?.interface, one?.port])).to.deep.equal([
      ['0.0.0.0', 1234],
      ['::', 1234],
      ['0.0.0.0', 1300],
      ['127.0.0.1', 30_000],
      ['127.0.0.1', 8080],
    ])
    expect(places.at(-1)?.path).to.match(/\/run\/it\.sock$/)
  })

  it('drops transports that can be nowhere', () => {
    for (const endpoint of [{ type: 'onion', port: 80 }, { type: 'tcp' }, { type: 'unix' }, 5]) {
      const outcome = transport({ endpoint })
      expect(outcome.config.transports).to.deep.equal([])
      expect(outcome.of('dropped')).to.not.deep.equal([])
    }
  })

  it('takes over RawSocket, and the largest message', () => {
    const outcome = transport({
      type: 'rawsocket',
      serializers: ['cbor', 'ubjson'],
      options: { max_message_size: 65536 },
      debug: false,
    })
    expect(transportOf(outcome)).to.deep.include({ type: 'rawsocket', serializers: ['cbor'] })
    expect(transportOf(outcome)?.options.max_message_size).to.equal(65536)
    expect(droppedAt(outcome)).to.deep.equal(['workers[0].transports[0].serializers[1]'])
  })

  it('takes over what a universal transport serves', () => {
    const auth = { anonymous: { type: 'static', role: 'anonymous' } }
    const outcome = transport({
      type: 'universal',
      rawsocket: { serializers: ['json'], auth },
      websocket: { ws: { type: 'websocket', auth } },
      web: { paths: { lp: { type: 'longpoll' } } },
      mqtt: {},
    })
    expect(transportOf(outcome)).to.deep.include({ type: 'web', rawsocket: true })
    const paths = transportOf(outcome)?.paths
    expect(Object.keys(paths ?? {})).to.deep.equal(['/ws', '/lp'])
    expect(droppedAt(outcome)).to.deep.equal(['workers[0].transports[0].mqtt'])
  })

  it('takes over the options of WebSockets', () => {
    const outcome = transport({
      options: {
        ...{ max_message_size: 100, open_handshake_timeout: 2500, auto_ping_interval: 20_000 },
        ...{ auto_ping_timeout: 5000, auto_fragment_size: 65536, fail_by_drop: true },
        ...{ allowed_origins: ['https://*.example.com', '*.nonsense'], allow_null_origin: true },
        compression: { deflate: { max_window_bits: 13 } },
        enable_webstatus: false,
      },
    })
    const { options, allowed_origins } = transportOf(outcome) ?? {}
    expect(options).to.deep.include({
      ...{ max_message_size: 1024, handshake_timeout: 2500, auto_ping_interval: 20_000 },
      compression: 'shared',
    })
    expect(allowed_origins).to.deep.equal(['https://*.example.com', 'null'])
    expect(droppedAt(outcome)).to.deep.equal([
      'workers[0].transports[0].options.allowed_origins[1]',
    ])
  })

  it('takes the largest of what the paths of a port say', () => {
    const ws = (max: number) => ({ type: 'websocket', options: { max_message_size: max } })
    const outcome = transport({ type: 'web', paths: { a: ws(5000), b: ws(9000), c: ws(2000) } })
    expect(transportOf(outcome)?.options.max_message_size).to.equal(9000)
  })

  it('lets ports of one id go by their numbers', () => {
    const two = [8080, 8081].map(port => ({
      ...{ ...TRANSPORT, id: 'main' },
      endpoint: { ...ENDPOINT, port },
    }))
    const { config } = worker({ transports: two })
    expect(config.transports.map(({ id }) => id)).to.deep.equal(['main', 'web-8081'])
  })

  it('serves a port once that two proxies share, and not two things at one port', () => {
    const same = worker({ transports: [TRANSPORT, TRANSPORT] })
    expect(same.config.transports).to.have.length(1)
    expect(same.of('dropped')).to.deep.equal([])
    const other = worker({ transports: [TRANSPORT, { ...TRANSPORT, type: 'rawsocket' }] })
    expect(other.config.transports).to.have.length(1)
    expect(textOf(other, 'dropped')).to.contain('its port is taken by the transport of line')
  })

  it('takes the ports of proxies for those of the router', () => {
    const router = {
      type: 'router',
      realms: [REALM, { ...REALM, name: 'realm2' }],
      transports: [
        {
          type: 'rawsocket',
          endpoint: { type: 'unix', path: 'x.sock' },
          auth: { 'anonymous-proxy': { type: 'static' } },
        },
      ],
    }
    const proxy = {
      type: 'proxy',
      connections: { conn1: {} },
      routes: { realm1: { anonymous: 'conn1' } },
      transports: [{ ...TRANSPORT, type: 'web', paths: { ws: { type: 'websocket' } } }],
    }
    const { config } = migrated('crossbar', nodeOf(router, proxy))
    expect(config.transports.map(({ type, realms }) => [type, realms])).to.deep.equal([
      ['web', ['realm1']],
    ])
  })
})

describe('migrate crossbar: certificates', () => {
  const folder = new ConfigFolder()
  before(() => {
    for (const name of ['localhost.crt', 'localhost.key']) {
      copyFileSync(resolve('test/fixtures', name), join(folder.path, name))
    }
  })
  after(() => folder.remove())

  const tls = { certificate: 'localhost.crt', key: 'localhost.key' }
  const withTls = (keys: object, at = folder.path) =>
    transport(
      { endpoint: { ...ENDPOINT, interface: '0.0.0.0', tls: keys } },
      { file: join(at, 'config.json') },
    )

  it('takes over certificates, and says what to do about chains', () => {
    const outcome = withTls({
      ...{ ...tls, chain_certificates: ['a.pem'], dhparam: 'dh.pem', ciphers: 'X' },
      ca_certificates: ['localhost.crt', 'b.pem'],
    })
    expect(transportOf(outcome)?.tls).to.deep.include({
      certificate: join(folder.path, 'localhost.crt'),
      ca: join(folder.path, 'localhost.crt'),
    })
    expect(droppedAt(outcome).map(path => path.split('.').at(-1))).to.deep.equal([
      ...['chain_certificates', 'dhparam', 'ciphers', 'ca_certificates[1]'],
    ])
  })

  it('keeps a port on loopback whose certificate is not there', () => {
    const outcome = withTls({ ...tls, key: 'missing.key' })
    expect(transportOf(outcome)?.tls).to.equal(undefined)
    expect(transportOf(outcome)?.endpoint.interface).to.equal('127.0.0.1')
    expect(textOf(outcome, 'dropped')).to.contain('it listens on loopback only')
    expect(outcome.text).to.contain('The interface was "0.0.0.0".')
    expect(outcome.text).to.contain('key: "missing.key"')
  })
})

describe('migrate crossbar: services', () => {
  const folder = new ConfigFolder()
  before(() => mkdirSync(join(folder.path, 'web')))
  after(() => folder.remove())
  const file = () => ({ file: join(folder.path, 'config.json') })
  const served = (outcome: Outcome) => transportOf(outcome)?.paths?.['/it']

  it('serves files, where the folder is there', () => {
    const keys = { type: 'static', directory: 'web' }
    const options = { default_file: 'a.html', enable_directory_listing: true }
    const outcome = path({ ...keys, options }, file())
    expect(served(outcome)?.static).to.deep.include({ index: 'a.html' })
    expect(droppedAt(outcome)).to.deep.equal([
      'workers[0].transports[0].paths.it.options.enable_directory_listing',
    ])
    const missing = path({ ...keys, directory: 'other' }, file())
    expect(served(missing)).to.equal(undefined)
    expect(textOf(missing, 'dropped')).to.contain('no such folder')
    const inPackage = path({ type: 'static', package: 'x', resource: 'y' })
    expect(textOf(inPackage, 'dropped')).to.contain('Python package')
  })

  it('has times of long-poll in seconds', () => {
    const options = { request_timeout: 10, session_timeout: 0, queue_limit_bytes: 131072 }
    const outcome = path({ type: 'longpoll', options })
    expect(served(outcome)?.longpoll).to.deep.include({ request_timeout: 10_000 })
    expect(droppedAt(outcome).join()).to.match(/queue_limit_bytes$/)
  })

  it('has publishers and callers come by a bridge, with their role or their key', () => {
    const keys = { type: 'publisher', realm: 'realm1', role: 'anonymous' }
    const open = path(keys)
    expect(served(open)?.bridge).to.deep.include({ realm: 'realm1' })
    const options = { key: 'value1', secret: 'value2', require_ip: ['10.0.0.1'] }
    const signed = path({ ...keys, type: 'caller', options })
    const users = authOf(signed)['web-8080-http']
    expect(served(signed)?.bridge).to.deep.include({ auth: ['web-8080-http'] })
    expect(users?.wampcra?.principals.value1).to.deep.include({ secret: 'value2' })
    expect(users?.anonymous).to.equal(undefined)
    expect(droppedAt(signed).join()).to.match(/require_ip$/)
  })

  it('brings nested paths up', () => {
    const outcome = path({
      type: 'path',
      paths: { '/': { type: 'longpoll' }, ws: { type: 'websocket' } },
    })
    const paths = Object.keys(transportOf(outcome)?.paths ?? {})
    expect(paths).to.deep.equal(['/ws', '/it', '/it/ws'])
  })

  it('says of all others what to do instead', () => {
    const kinds = [
      ...['webhook', 'redirect', 'nodeinfo', 'json', 'resource', 'wsgi', 'cgi', 'reverseproxy'],
      ...['websocket-reverseproxy', 'archive', 'wap', 'catalog', 'upload', 'no-such-kind'],
    ]
    for (const type of kinds) {
      const outcome = path({ type, url: 'x' })
      expect(droppedAt(outcome), type).to.deep.equal(['workers[0].transports[0].paths.it'])
      expect(served(outcome)).to.equal(undefined)
    }
  })
})

describe('migrate crossbar: the rest', () => {
  it('drops what is no part of a router, with a hint', () => {
    const container = { type: 'container', components: [{ type: 'class', classname: 'a.B' }] }
    const guest = { type: 'guest', executable: 'node', arguments: ['hush'] }
    const router = {
      type: 'router',
      realms: [REALM],
      components: [{ type: 'class', role: 'anonymous' }],
      manhole: { port: 1 },
    }
    const node = { version: 2, controller: { id: 'x' }, workers: [router, container, guest] }
    const outcome = migrated('crossbar', JSON.stringify(node))
    expect(droppedAt(outcome)).to.have.members([
      'controller',
      'workers[0].manhole',
      'workers[0].components[0]',
      'workers[1]',
      'workers[2]',
    ])
    for (const { fate, remedy } of outcome.rows) {
      if (fate === 'dropped') expect(remedy).to.be.a('string')
    }
  })

  it('gives every key that it does not know a row', () => {
    const outcome = worker({
      realms: [{ ...REALM, x1: 1, options: { x2: [] }, roles: [{ ...ROLE, x3: {} }] }],
      transports: [{ ...TRANSPORT, x4: '', endpoint: { ...ENDPOINT, x5: null } }],
      x6: { x7: 1 },
    })
    expect(droppedAt(outcome).map(path => path.split('.').at(-1))).to.have.members([
      ...['x1', 'x2', 'x3', 'x4', 'x5', 'x6'],
    ])
  })

  it('reads YAML as Crossbar does', () => {
    const text = [
      'version: 2',
      'workers:',
      '- type: router',
      '  realms:',
      '  - name: realm1',
      '    roles:',
      '    - name: anonymous',
      '      permissions:',
      '      - &all { uri: com., match: prefix, allow: { call: yes, publish: off } }',
      '      - { <<: *all, uri: org. }',
    ].join('\n')
    const outcome = migrated('crossbar', text)
    const rules = permissionsOf(outcome)
    expect(rules.map(({ uri, allow }) => [uri, allow.call, allow.publish])).to.deep.equal([
      ['com.', true, false],
      ['org.', true, false],
    ])
    expect(outcome.rows.filter(({ line }) => line === 10)).to.have.length(1)
  })
})
