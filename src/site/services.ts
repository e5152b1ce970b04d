import Type, { type Static } from 'typebox'
import { about, CLOSED } from '../base/keys.ts'
import { bridgeKind } from '../gateway/bridge/service.ts'
import { stompKind } from '../gateway/stomp/service.ts'
import { longpollKind } from './longpoll.ts'
import type { Place, Service, ServiceKind } from './service.ts'
import { staticKind } from './static.ts'
import { websocketKind } from './websocket.ts'

/** What can be served at a path. A new kind is a line here, and one below for its keys. */
const KINDS = {
  websocket: websocketKind,
  longpoll: longpollKind,
  static: staticKind,
  stomp: stompKind,
  bridge: bridgeKind,
} as const

/** The keys of a path: one, the kind of service, with the keys of that kind. */
export const serviceKeys = Type.Object(
  {
    websocket: Type.Optional(KINDS.websocket.keys),
    longpoll: Type.Optional(KINDS.longpoll.keys),
    static: Type.Optional(KINDS.static.keys),
    stomp: Type.Optional(KINDS.stomp.keys),
    bridge: Type.Optional(KINDS.bridge.keys),
  },
  { ...CLOSED, ...about('What is served there: one of these kinds.', 'new') },
)

export type ServiceConfig = Static<typeof serviceKeys>

/** A port's paths and what is served there. */
export type Paths = Readonly<Record<string, ServiceConfig>>

/** The kind of a service; undefined where none is named. */
export function kindOf(service: ServiceConfig): ServiceKind<unknown> | undefined {
  return KINDS[Object.keys(service)[0] as keyof typeof KINDS] as ServiceKind<unknown> | undefined
}

/** A service's own keys. */
export function keysOf(service: ServiceConfig): unknown {
  return Object.values(service)[0]
}

/** Opens a service. */
export function serviceOf(service: ServiceConfig, place: Place): Service {
  const kind = kindOf(service)
  if (kind === undefined) throw new TypeError(`${place.path}: no kind of service is named`)
  return kind.create(keysOf(service), place)
}

/** These paths take WebSockets, and nothing else is served. */
export function isWebSocketOnly(paths: Paths): boolean {
  return Object.values(paths).every(service => kindOf(service)?.isWebSocket === true)
}
