import Type, { type Static } from 'typebox'
import { about, CLOSED } from '../base/keys.ts'
import { answerPage } from '../transport/page.ts'
import { answerText } from '../transport/text-answer.ts'
import { Entrance } from './entrance.ts'
import type { Place, Service, ServiceKind } from './service.ts'
import { optionsAt, sessionKeys } from './session-keys.ts'

const keys = Type.Object(sessionKeys, { ...CLOSED, ...about('WAMP over WebSocket.', 'new') })

type Keys = Static<typeof keys>

/** WAMP over WebSocket, and a page for people who open the path in a browser. */
export const websocketKind: ServiceKind<Keys> = {
  name: 'websocket',
  keys,
  takesSessions: true,
  isWebSocket: true,
  create(keys: Keys, { house, path, options }: Place): Service<Keys> {
    const endpoint = new Entrance(house, optionsAt(keys, options))
    return {
      endpoint,
      handle(request, response) {
        if (request.method === 'GET' && request.headers.upgrade !== undefined) {
          answerText(response, 400, 'no sound WebSocket handshake')
        } else answerPage(request, response, path, endpoint.protocols.keys())
      },
      change: (keys, options) => endpoint.change(optionsAt(keys, options)),
      close: () => endpoint.close(),
    }
  },
}
