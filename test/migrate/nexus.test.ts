import { copyFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { ConfigFolder } from '../helpers/config-folder.ts'
import { migrated } from './migrating.ts'

const REALM = { uri: 'realm1', anonymous_auth: true }

const nexus = (keys: object, options?: Parameters<typeof migrated>[2]) =>
  migrated(
    'nexus',
    JSON.stringify({
      websocket: { address: '127.0.0.1:8080' },
      router: { realms: [REALM] },
      ...keys,
    }),
    options,
  )
const realm = (keys: object) => nexus({ router: { realms: [{ ...REALM, ...keys }] } })

type Outcome = ReturnType<typeof nexus>
const rulesOf = ({ config }: Outcome) => config.realms[0]?.roles[0]?.permissions ?? []
const droppedAt = ({ rows }: Outcome) =>
  rows.filter(({ fate }) => fate === 'dropped').map(({ path }) => path)

describe('migrate nexus', () => {
  it('gives everybody all, and the meta API but for what ends sessions', () => {
    const outcome = realm({})
    expect(rulesOf(outcome).map(({ match, uri }) => `${match} ${uri}`)).to.deep.equal([
      'prefix ',
      'prefix wamp.',
      'prefix wamp.session.kill',
    ])
    expect(rulesOf(outcome)[2]?.allow.call).to.equal(false)
    expect(outcome.config.authenticators.guests?.anonymous?.role).to.equal('anonymous')
    const open = realm({ enable_meta_kill: true })
    expect(rulesOf(open)).to.have.length(2)
  })

  it('refuses disclosure where nexus did', () => {
    expect(rulesOf(realm({}))[0]?.disclose.caller).to.equal('refused')
    expect(rulesOf(realm({ allow_disclose: true }))[0]?.disclose.caller).to.equal('requested')
  })

  it('takes over the realm and its histories', () => {
    const outcome = realm({
      strict_uri: true,
      event_history: [
        { topic: 'com.a', match: 'exact', limit: 5 },
        { topic: 'com.', match: 'prefix' },
      ],
    })
    const [first] = outcome.config.realms
    expect(first?.options.uri_check).to.equal('strict')
    expect(first?.event_history.map(({ uri, match, limit }) => [uri, match, limit])).to.deep.equal([
      ['com.a', 'exact', 5],
      ['com.', 'prefix', 1000],
    ])
    expect(outcome.of('dropped')).to.deep.equal([])
  })

  it('takes keys in whatever case, as programs in Go do', () => {
    const text =
      '{"WebSocket": {"Address": "[::1]:80"}, "Router": {"Realms": [{"URI": "a", "Anonymous_Auth": true}]}}'
    const { config, of } = migrated('nexus', text)
    expect(config.transports[0]?.endpoint).to.deep.include({ interface: '::1', port: 80 })
    expect(config.realms[0]?.name).to.equal('a')
    expect(of('dropped')).to.deep.equal([])
  })

  it('takes over the ports', () => {
    const outcome = nexus({
      websocket: {
        ...{ address: ':8080', keep_alive: 30, enable_compression: true, out_queue_size: 64 },
        allow_origins: ['*.example.com', 'example.org:*', 'a*b'],
      },
      rawsocket: { tcp_address: 'localhost:8081', unix_address: '/tmp/x.sock', max_msg_len: 65536 },
    })
    const [web, tcp, unix] = outcome.config.transports
    expect(web?.endpoint).to.deep.include({ interface: '::', port: 8080 })
    expect(Object.keys(web?.paths ?? {})).to.deep.equal(['/', '/ws'])
    expect(web?.options).to.deep.include({ auto_ping_interval: 30_000, compression: 'shared' })
    expect(web?.allowed_origins).to.deep.equal([
      ...['http://*.example.com', 'https://*.example.com'],
      ...['http://example.org:*', 'https://example.org:*'],
    ])
    expect(tcp?.endpoint).to.deep.include({ interface: 'localhost', port: 8081 })
    expect(unix?.endpoint.path).to.equal('/tmp/x.sock')
    expect(unix?.options.max_message_size).to.equal(65536)
    expect(droppedAt(outcome)).to.deep.equal(['websocket.allow_origins[2]'])
  })

  it('takes over certificates where both files are named', () => {
    const folder = new ConfigFolder()
    for (const name of ['localhost.crt', 'localhost.key']) {
      copyFileSync(resolve('test/fixtures', name), join(folder.path, name))
    }
    const files = { cert_file: 'localhost.crt', key_file: 'localhost.key' }
    const websocket = { address: 'localhost:8080', ...files }
    const { config } = nexus({ websocket }, { file: join(folder.path, 'nexus.json') })
    expect(config.transports[0]?.tls?.certificate).to.equal(join(folder.path, 'localhost.crt'))
    folder.remove()
  })

  it('logs as much as nexus did', () => {
    const outcome = nexus({ router: { realms: [REALM], debug: true } })
    expect(outcome.config.log.level).to.equal('debug')
  })

  it('says what there is no counterpart for', () => {
    const outcome = nexus({
      log_path: '/var/log/nexus',
      websocket: { address: 'localhost', enable_tracking_cookie: true },
      router: {
        realms: [
          { ...REALM, enable_meta_modify: true, meta_strict: true, authorizer: {} },
          { uri: 'realm2' },
          { anonymous_auth: true },
        ],
        ...{ realm_template: { uri: 'x' }, mem_stats_log_sec: 5, x: 1 },
      },
    })
    expect(outcome.config.transports).to.deep.equal([])
    expect(droppedAt(outcome)).to.have.members([
      'log_path',
      'websocket.address',
      ...['enable_meta_modify', 'meta_strict', 'authorizer'].map(key => `router.realms[0].${key}`),
      ...['realms[1]', 'realms[2]', 'realm_template', 'mem_stats_log_sec', 'x'].map(
        key => `router.${key}`,
      ),
    ])
  })
})
