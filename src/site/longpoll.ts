import Type, { type Static } from 'typebox'
import { about, CLOSED, duration, millisecondsOf } from '../base/keys.ts'
import { LongPoll } from '../transport/longpoll.ts'
import type { PollTimes } from '../transport/poll-connection.ts'
import { Entrance } from './entrance.ts'
import type { Place, Service, ServiceKind } from './service.ts'
import { optionsAt, sessionKeys } from './session-keys.ts'

const keys = Type.Object(
  {
    ...sessionKeys,
    request_timeout: Type.Optional(
      duration({
        minimum: 100,
        ...about(
          'A request that waits for messages is answered after this though none is there. Less than ' +
            'clients (12s in Autobahn|JS) and proxies (often 60s) wait for.',
          'new',
          '10s',
        ),
      }),
    ),
    session_timeout: Type.Optional(
      duration({
        minimum: 100,
        ...about('A client that asks for no messages for this long is gone.', 'new', '30s'),
      }),
    ),
  },
  { ...CLOSED, ...about('WAMP over HTTP requests, for where WebSockets do not pass.', 'new') },
)

type Keys = Static<typeof keys>

/** WAMP over HTTP long-poll, below the path. */
export const longpollKind: ServiceKind<Keys> = {
  name: 'longpoll',
  keys,
  takesSessions: true,
  create(keys: Keys, { house, options }: Place): Service<Keys> {
    const endpoint = new Entrance(house, optionsAt(keys, options))
    const longpoll = new LongPoll(house, endpoint, timesOf(keys))
    return {
      isDeep: true,
      get needsPort() {
        return longpoll.isInUse
      },
      handle: (request, response, below, source) =>
        longpoll.handle(request, response, below, source),
      change(keys, options) {
        endpoint.change(optionsAt(keys, options))
        longpoll.times = timesOf(keys)
      },
      close() {
        longpoll.close()
        endpoint.close()
      },
    }
  },
}

/** Keys from a configuration have their defaults; those that an application gives may lack them. */
function timesOf({ request_timeout = 10_000, session_timeout = 30_000 }: Keys): PollTimes {
  return {
    requestTimeout: millisecondsOf(request_timeout),
    sessionTimeout: millisecondsOf(session_timeout),
  }
}
