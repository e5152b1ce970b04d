/**
 * wampd, a WAMP v2 router: `createRouter()` makes one, `listen` gives it a port, `attach` an
 * application's own server, and `session` takes part in a realm without a socket.
 */
export type { Ask, AuthRequest, DynamicMethod } from './auth/dynamic.ts'
export type { NamedFiles, TlsFiles } from './base/certificate.ts'
export { createLog, type Log, type LogLevel } from './base/log.ts'
export type { UnixSocket } from './base/unix-socket.ts'
export {
  type CallDetails,
  type CallHandler,
  type CallOptions,
  type EventDetails,
  type EventHandler,
  type Handle,
  type LocalSession,
  type ProgressiveCall,
  type PublishOptions,
  type Registered,
  type RegisterOptions,
  Result,
  type SubscribeOptions,
} from './client/local-session.ts'
export type { Change } from './config/diff.ts'
export { ConfigError, loadConfig, type Problem } from './config/load.ts'
export type {
  Config,
  ConfigInput,
  Permission,
  RealmConfig,
  RealmInput,
  RoleConfig,
} from './config/schema.ts'
export type {
  AttachOptions,
  HandlerOptions,
  Listening,
  ListenOptions,
} from './doors.ts'
export type { DrainOptions } from './drain.ts'
export type { AuthenticateHook } from './from-config.ts'
export type { Match } from './match/uri.ts'
export { PayloadError, WampError } from './protocol/errors.ts'
export type { Invoke } from './protocol/invoke.ts'
export type { Dict } from './protocol/payload.ts'
export {
  type CloseOptions,
  type ConfigOptions,
  createRouter,
  type Router,
  type RouterOptions,
  type SessionOptions,
  type Status,
} from './router.ts'
export type { EndpointOptions } from './site/entrance.ts'
export type { LocalWebSocketClass } from './transport/local.ts'
export { ListenError, type RequestHandler } from './transport/transport.ts'
