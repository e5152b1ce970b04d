import Type, { type Static } from 'typebox'
import { about, CLOSED, duration, UNITS, worthOf } from '../base/keys.ts'
import { LongPoll } from '../transport/longpoll.ts'
import type { PollTimes } from '../transport/poll-connection.ts'
import { Entrance } from './entrance.ts'
import type { Place, Service, ServiceKind } from './service.ts'
import { sessionKeys } from './session-keys.ts'

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
  create(keys: Keys, { house, options }: Place): Service {
    const endpoint = new Entrance(house, { ...options, ...keys })
    const longpoll = new LongPoll(house, endpoint, timesOf(keys))
    return {
      isDeep: true,
      get needsPort() {
        return longpoll.isInUse
      },
      handle: (request, response, below, source) =>
        longpoll.handle(request, response, below, source),
      change(keys, options) {
        endpoint.change({ ...options, ...(keys as Keys) })
        longpoll.times = timesOf(keys as Keys)
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
  return { requestTimeout: time(request_timeout), sessionTimeout: time(session_timeout) }
}

function time(input: number | string): number {
  const worth = worthOf('duration', input)
  if (worth === undefined) throw new TypeError(`expected ${UNITS.duration?.expected}`)
  return worth
}
