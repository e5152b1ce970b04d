import type { AuthMethod } from './auth/auth.ts'
import { methodsOf } from './auth/methods.ts'
import { randomId } from './base/ids.ts'
import type { Log } from './base/log.ts'
import type { PubSubOptions } from './broker/options.ts'
import type { Config, RealmConfig, TransportConfig } from './config/schema.ts'
import { RPC_DEFAULTS } from './dealer/options.ts'
import type { ListenOptions } from './doors.ts'
import { Role, Rules, unrestricted } from './realm/authorize.ts'
import { Realm } from './realm/realm.ts'

/** A transport of the configuration as options of `listen`. */
export function listenOptions(transport: TransportConfig): ListenOptions & { paths: string[] } {
  const { endpoint, tls, path, auth, realms, serializers, allowed_origins, options } = transport
  const { backend } = options
  return {
    host: endpoint.interface,
    port: endpoint.port,
    paths: [path],
    auth,
    serializers,
    allowedOrigins: allowed_origins,
    maxMessageSize: options.max_message_size,
    sendBuffer: options.send_buffer,
    pingInterval: options.auto_ping_interval,
    handshakeTimeout: options.handshake_timeout,
    ...(tls === undefined ? {} : { tls }),
    ...(realms === undefined ? {} : { realms }),
    ...(backend === 'auto' ? {} : { transport: backend }),
  }
}

/** The methods of each authenticator. */
export function authenticatorsOf({ authenticators }: Config): Map<string, AuthMethod[]> {
  return new Map(Object.entries(authenticators).map(([name, keys]) => [name, methodsOf(keys)]))
}

/** The rules of each role. */
export function rulesOf({ options, roles, rpc }: RealmConfig): Map<string, Rules> {
  const { uri_check } = options
  return new Map(
    roles.map(role => {
      const isOwn = Object.keys(role.rpc).length > 0
      const limits = isOwn ? { ...RPC_DEFAULTS, ...rpc, ...role.rpc } : undefined
      return [role.name, new Rules(role.permissions, uri_check, limits)]
    }),
  )
}

/** What a realm keeps of its publications. */
export function pubsubOf(realm: RealmConfig): PubSubOptions {
  const { store, retained_events, event_history, testaments } = realm
  return { store, retained_events, event_history, testaments }
}

export function realmOf(realm: RealmConfig, log: Log): Realm {
  const { uri_check: uriCheck, strict_request_ids: strictRequestIds } = realm.options
  const roles = [...rulesOf(realm)].map(([name, rules]) => new Role(name, rules))
  const { name, rpc } = realm
  const options = { name, uriCheck, strictRequestIds, roles, log, rpc, pubsub: pubsubOf(realm) }
  return new Realm(options, randomId)
}

/** A realm in which everybody may do everything. */
export function realmOnDemand(name: string, log: Log): Realm {
  const roles = [unrestricted('anonymous', 'loose')]
  return new Realm({ name, uriCheck: 'loose', strictRequestIds: false, roles, log }, randomId)
}
