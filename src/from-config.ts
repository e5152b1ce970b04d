import type { AuthMethod, Surroundings } from './auth/auth.ts'
import { type Ask, type DynamicMethod, dynamicMethods, inTime } from './auth/dynamic.ts'
import { methodsOf } from './auth/methods.ts'
import { randomId } from './base/ids.ts'
import type { UnixSocket } from './base/unix-socket.ts'
import type { PubSubOptions } from './broker/options.ts'
import type { Config, RealmConfig, RoleConfig, TransportConfig } from './config/schema.ts'
import { RPC_DEFAULTS } from './dealer/options.ts'
import type { Backlog } from './delivery/backlog.ts'
import type { ListenOptions } from './doors.ts'
import { Role, Rules, unrestricted } from './realm/authorize.ts'
import type { Authorizer } from './realm/authorizer.ts'
import { Realm } from './realm/realm.ts'
import type { Traffic } from './traffic/traffic.ts'

/** A transport of the configuration as options of `listen`. */
export function listenOptions(transport: TransportConfig): ListenOptions {
  const { type, endpoint, tls, path, paths, auth, realms, serializers, options } = transport
  const { backend } = options
  return {
    type: type === 'web' ? 'websocket' : type,
    host: endpoint.interface,
    port: endpoint.port,
    rawsocket: transport.rawsocket,
    trustedProxies: transport.trusted_proxies,
    proxyProtocol: transport.proxy_protocol,
    paths: paths ?? { [path]: { websocket: {} } },
    auth,
    serializers,
    allowedOrigins: transport.allowed_origins,
    maxMessageSize: options.max_message_size,
    compression: options.compression,
    compressionThreshold: options.compression_threshold,
    sendBuffer: options.send_buffer,
    pingInterval: options.auto_ping_interval,
    handshakeTimeout: options.handshake_timeout,
    maxConnections: options.max_connections,
    maxConnectionsPerAddress: options.max_connections_per_address,
    maxHandshakes: options.max_handshakes,
    maxHelloSize: options.max_hello_size,
    maxFailures: options.max_failures,
    failureBackoff: options.failure_backoff,
    ...(endpoint.path === undefined ? {} : { socket: socketOf(endpoint.path, endpoint.mode) }),
    ...(tls === undefined ? {} : { tls }),
    ...(realms === undefined ? {} : { realms }),
    ...(transport.realm === undefined ? {} : { realm: transport.realm }),
    ...(backend === 'auto' ? {} : { transport: backend }),
  }
}

function socketOf(path: string, mode = '0600'): UnixSocket {
  return { path, mode: Number.parseInt(mode, 8) }
}

/** How an application says itself who may come in. */
export interface AuthenticateHook {
  /** The methods on offer. */
  readonly methods: readonly DynamicMethod[]
  /** How long an answer may take: ms, default 5 s. Later the client is refused. */
  readonly timeout?: number
  readonly check: Ask
}

/** The name of the application's own authenticator. */
const HOOK = 'authenticate'

/** The methods of each authenticator, and those of the application's own. */
export function authenticatorsOf(
  { authenticators }: Config,
  surroundings: Surroundings,
  hook: AuthenticateHook | undefined,
): Map<string, AuthMethod[]> {
  const found = new Map(
    Object.entries(authenticators).map(([name, keys]) => [name, methodsOf(keys, surroundings)]),
  )
  if (hook === undefined) return found
  if (found.has(HOOK)) throw new TypeError(`the name ${HOOK} is taken by an authenticator`)
  const { methods, timeout = 5000, check } = hook
  const ask = inTime(check, timeout, surroundings.clock)
  return found.set(HOOK, dynamicMethods(methods, ask, surroundings))
}

/** The realm's number of sessions is not that of its roles. */
const ANY_NUMBER = { sessions: Infinity }

/** The rules of each role. */
export function rulesOf(
  { name, options, roles, rpc, limits: common }: RealmConfig,
  surroundings: Surroundings,
): Map<string, Rules> {
  return new Map(
    roles.map(role => {
      const isOwn = Object.keys(role.rpc).length > 0
      const ownRpc = isOwn ? { ...RPC_DEFAULTS, ...rpc, ...role.rpc } : undefined
      const limits = { ...common, ...ANY_NUMBER, ...role.limits }
      const authorizer = role.authorizer && authorizerOf(role.authorizer, name, surroundings)
      return [
        role.name,
        new Rules(role.permissions, options.uri_check, { rpc: ownRpc, authorizer, limits }),
      ]
    }),
  )
}

function authorizerOf(
  keys: NonNullable<RoleConfig['authorizer']>,
  own: string,
  { clock, log, call }: Surroundings,
): Authorizer {
  const { procedure, realm = own, timeout, cache: ttl, cache_size, queue } = keys
  return {
    ...{ clock, log, ttl, maxDecisions: cache_size, maxQueue: queue },
    ask: (...args) => call(realm, procedure, args, timeout),
  }
}

/** What a realm keeps of its publications. */
export function pubsubOf(realm: RealmConfig): PubSubOptions {
  const { store, retained_events, event_history, testaments } = realm
  return { store, retained_events, event_history, testaments }
}

/** Where all realms of a router note what they hold and how long it took. */
export interface Measures {
  readonly backlog: Backlog
  readonly traffic: Traffic
}

export function realmOf(realm: RealmConfig, surroundings: Surroundings, measures: Measures): Realm {
  const { uri_check: uriCheck, strict_request_ids: strictRequestIds } = realm.options
  const roles = [...rulesOf(realm, surroundings)].map(([name, rules]) => new Role(name, rules))
  const { name, rpc, limits } = realm
  const { clock, log, counters } = surroundings
  const facts = { name, uriCheck, strictRequestIds, roles, rpc, limits, pubsub: pubsubOf(realm) }
  return new Realm({ ...facts, clock, log, counters, ...measures }, randomId)
}

/** A realm in which everybody may do everything. */
export function realmOnDemand(
  name: string,
  { clock, log, counters }: Surroundings,
  measures: Measures,
): Realm {
  const roles = [unrestricted('anonymous', 'loose')]
  const facts = { name, uriCheck: 'loose', strictRequestIds: false, roles } as const
  return new Realm({ ...facts, clock, log, counters, ...measures }, randomId)
}
