import Type, { type Static } from 'typebox'
import { about, CLOSED } from '../base/keys.ts'
import { pageOf } from '../transport/page.ts'
import { Entrance } from './entrance.ts'
import type { Place, Service, ServiceKind } from './service.ts'
import { sessionKeys } from './session-keys.ts'

const keys = Type.Object(sessionKeys, { ...CLOSED, ...about('WAMP over WebSocket.', 'new') })

type Keys = Static<typeof keys>

/** WAMP over WebSocket, and a page for people who open the path in a browser. */
export const websocketKind: ServiceKind<Keys> = {
  name: 'websocket',
  keys,
  takesSessions: true,
  isWebSocket: true,
  create(keys: Keys, { house, path, options }: Place): Service {
    const endpoint = new Entrance(house, { ...options, ...keys })
    return {
      endpoint,
      handle(request, response) {
        if (request.method !== 'GET') {
          response.writeHead(405, { 'Content-Type': 'text/plain', Allow: 'GET' })
          response.end('only GET is for here\n')
        } else if (request.headers.upgrade !== undefined) {
          response.writeHead(400, { 'Content-Type': 'text/plain' })
          response.end('no sound WebSocket handshake\n')
        } else {
          response.setHeader('Content-Type', 'text/html; charset=utf-8')
          response.end(pageOf(path, endpoint.protocols.keys()))
        }
      },
      change: (keys, options) => endpoint.change({ ...options, ...(keys as Keys) }),
      close: () => endpoint.close(),
    }
  },
}
