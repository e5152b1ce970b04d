import { endpointOf } from './address.ts'
import { type Context, dropKey, notNeeded } from './context.ts'
import { literal, type Realm, type Rule, type Transport } from './draft.ts'
import { type Given, shown, type Value } from './given.ts'
import { addOrigin, largest, webSocketPaths } from './options.ts'

const ROLE = 'anonymous'
const NAME = 'guests'

/** A file of nexusd: everybody comes in, and may do all but end the sessions of others. */
export function nexus(context: Context, top: Given): void {
  const { draft } = context
  const remedy = 'the log goes to standard error: send that to a file'
  dropKey(top, 'log_path', 'wampd writes no log files', remedy)
  const router = top.dict('router')
  if (router !== undefined) routerOf(context, router)
  const webSocket = top.dict('websocket')
  if (webSocket !== undefined) webSocketOf(context, webSocket)
  const rawSocket = top.dict('rawsocket')
  if (rawSocket !== undefined) rawSocketOf(context, rawSocket)
  if (draft.transports.length > 0 && draft.realms.some(({ roles }) => roles.length > 0)) {
    draft.authenticators.set(NAME, { anonymous: { role: ROLE } })
  }
}

function routerOf(context: Context, given: Given): void {
  const { draft, report } = context
  const template = given.get('realm_template')
  template?.drop('realms are not made by those who ask for them', 'name each realm')
  const debug = given.boolean('debug')
  if (debug !== undefined) {
    report.converted(debug.at, 'log.level')
    if (debug.value) draft.log.level = 'debug'
  }
  dropKey(given, 'mem_stats_log_sec', 'memory is not logged', 'see memory.limit')
  for (const one of given.list('realms')) {
    const realm = one.asDict() === undefined ? undefined : realmOf(context, one)
    if (realm !== undefined) draft.realms.push(draft.from(one, realm))
  }
}

function realmOf(context: Context, given: Given): Realm | undefined {
  const { draft, report } = context
  const uri = given.text('uri')
  if (uri === undefined) return given.drop('has no uri')
  report.converted(uri.at, 'realms[].name')
  const realm: Realm = { name: literal(uri.value), roles: [] }
  const strict = given.boolean('strict_uri')
  if (strict !== undefined) {
    report.converted(strict.at, 'realms[].options.uri_check')
    if (strict.value) realm.options = { uri_check: 'strict' }
  }
  const permissions = permissionsOf(context, given)
  const anonymous = given.boolean('anonymous_auth')
  if (anonymous?.value === true) {
    report.converted(anonymous.at, 'authenticators.*.anonymous')
    realm.roles.push(draft.from(anonymous.at, { name: ROLE, permissions }))
  } else {
    const remedy = 'add authenticators, and roles to the realm'
    report.dropped(anonymous?.at ?? given, 'nobody can join: nexusd has no other users', remedy)
  }
  for (const key of ['require_local_auth', 'require_local_authz']) {
    notNeeded(context, given, key, 'in-process sessions may do all unless they name a role')
  }
  const code = 'is code within a program that embeds nexus'
  for (const key of ['authenticators', 'authorizer']) {
    given.get(key)?.drop(code, 'see authenticators and realms[].roles[].authorizer')
  }
  historyOf(context, given, realm)
  return realm
}

/** Everything, and of the meta API what nexus gives to everybody. */
function permissionsOf(context: Context, given: Given): Rule[] {
  const { report } = context
  const disclosed = given.boolean('allow_disclose')
  if (disclosed !== undefined) {
    report.converted(disclosed.at, 'realms[].roles[].permissions[].disclose')
  }
  const refused = { caller: 'refused', publisher: 'refused' }
  const allow = { call: true, register: true, publish: true, subscribe: true }
  const all = { uri: '', match: 'prefix', allow }
  const meta = { uri: 'wamp.', match: 'prefix', allow: { call: true, subscribe: true } }
  const kill = given.boolean('enable_meta_kill')
  const to = 'realms[].roles[].permissions[]'
  if (kill !== undefined) report.converted(kill.at, to)
  const noKill = { uri: 'wamp.session.kill', match: 'prefix', allow: {} }
  const text = 'the rule for wamp. gives all who come in the meta API, as nexus did'
  report.changed(given, text, to)
  dropKey(given, 'enable_meta_modify', 'details of a session are not changed')
  dropKey(given, 'meta_strict', 'details of sessions are those of the specification and transport')
  dropKey(given, 'meta_include_session_details', 'details of sessions are not chosen')
  const open = disclosed?.value === true ? all : { ...all, disclose: refused }
  return kill?.value === true ? [open, meta] : [open, meta, noKill]
}

function historyOf({ draft, report }: Context, given: Given, realm: Realm): void {
  for (const one of given.list('event_history')) {
    if (one.asDict() === undefined) continue
    const topic = one.text('topic')
    const [match, limit] = [one.text('match')?.value, one.number('limit')?.value]
    if (topic === undefined) {
      one.drop('has no topic')
      continue
    }
    realm.event_history ??= []
    const history = {
      uri: literal(topic.value),
      ...(match === undefined || match === '' ? {} : { match: literal(match) }),
      ...(limit === undefined ? {} : { limit }),
    }
    realm.event_history.push(draft.from(one, history))
    report.converted(one, 'realms[].event_history[]')
  }
}

function webSocketOf(context: Context, given: Given): void {
  const { draft, report } = context
  const address = addressIn(given, 'address')
  const endpoint = address === undefined ? undefined : endpointOf(draft, address)
  if (address === undefined || endpoint === undefined) {
    noPort(context, given)
    return
  }
  const transport: Transport = { type: 'web', endpoint, ...tlsOf(context, given), auth: [NAME] }
  transport.paths = webSocketPaths()
  const where = Object.keys(transport.paths).map(shown).join(' and ')
  const text = `WebSockets are taken at ${where}, no longer at any path`
  report.changed(address.at, text, 'transports[].paths')
  pingsOf(context, given, transport)
  const compression = given.boolean('enable_compression')
  if (compression !== undefined) {
    report.converted(compression.at, 'transports[].options.compression')
    if (compression.value) transport.options = { ...transport.options, compression: 'shared' }
  }
  for (const one of given.list('allow_origins')) originOf(context, one, transport)
  dropKey(given, 'enable_tracking_cookie', 'browsers get no cookie')
  dropKey(given, 'enable_request_capture', 'headers of requests are not kept')
  queueOf(context, given)
  draft.transports.push(draft.from(given, transport))
}

/** Nothing listens there; what else is said of it has no effect. */
function noPort({ report }: Context, given: Given): void {
  given.settle()
  report.changed(given, 'has no address: nothing listens there')
}

/** An address that is not empty. */
function addressIn(given: Given, key: string): Value<string> | undefined {
  const address = given.text(key)
  if (address?.value === '') address.at.leave()
  return address?.value === '' ? undefined : address
}

/** nexus speaks TLS where it has both files. */
function tlsOf({ draft, report, moved }: Context, given: Given): Pick<Transport, 'tls'> {
  const [certificate, key] = ['cert_file', 'key_file'].map(name => addressIn(given, name))
  if (certificate === undefined || key === undefined) {
    const alone = certificate ?? key
    if (alone !== undefined) report.changed(alone.at, 'has no effect without the other file')
    return {}
  }
  report.converted(certificate.at, 'transports[].tls.certificate')
  report.converted(key.at, 'transports[].tls.key')
  const files = { certificate: moved(certificate.value), key: moved(key.value) }
  return { tls: draft.from(certificate.at, files) }
}

function pingsOf(context: Context, given: Given, transport: Transport): void {
  const seconds = given.number('keep_alive')
  if (seconds === undefined) return
  const ms = { ...seconds, value: seconds.value * 1000 }
  largest(context, transport, 'auto_ping_interval', ms)
}

/** nexus compares patterns with hosts, wampd with origins. */
function originOf(context: Context, given: Given, transport: Transport): void {
  const { report } = context
  const pattern = given.asText()
  if (pattern === undefined) return
  const to = 'transports[].allowed_origins'
  if (pattern === '*') {
    report.converted(given, to)
    addOrigin(context, transport, { at: given, value: pattern })
  } else if (/^(\*\.)?[\w.-]+(:(\d+|\*))?$/.test(pattern)) {
    report.changed(given, 'is for both http and https', to)
    for (const scheme of ['http', 'https']) {
      addOrigin(context, transport, { at: given, value: `${scheme}://${pattern}` })
    }
  } else given.drop('is no pattern that wampd has', 'hosts, or *. and a domain, can be given')
}

function queueOf(context: Context, given: Given): void {
  notNeeded(context, given, 'out_queue_size', 'what waits is limited in bytes: options.send_buffer')
}

function rawSocketOf(context: Context, given: Given): void {
  const { draft, report, moved } = context
  const tcp = addressIn(given, 'tcp_address')
  const unix = addressIn(given, 'unix_address')
  const tls = tlsOf(context, given)
  notNeeded(context, given, 'tcp_keepalive_interval', 'silent clients are found within 10 s')
  queueOf(context, given)
  const ports: Transport[] = []
  const endpoint = tcp === undefined ? undefined : endpointOf(draft, tcp)
  if (endpoint !== undefined) ports.push({ type: 'rawsocket', endpoint, ...tls, auth: [NAME] })
  if (unix !== undefined) {
    const text = 'only the user of wampd may connect: mode lets others'
    report.changed(unix.at, text, 'transports[].endpoint.path')
    ports.push({ type: 'rawsocket', endpoint: { path: moved(unix.value) }, auth: [NAME] })
  }
  if (ports.length === 0) {
    noPort(context, given)
    return
  }
  const most = given.number('max_msg_len')
  for (const port of ports) {
    if (most?.value !== 0) largest(context, port, 'max_message_size', most)
    draft.transports.push(draft.from(given, port))
  }
  if (most?.value !== 0) return
  const text = 'is 16 MB in nexus; here it is the default, 1 MB'
  report.changed(most.at, text, 'transports[].options.max_message_size')
}
