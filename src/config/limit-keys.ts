import Type from 'typebox'
import { about, bandwidth, CLOSED, duration, rate, size } from '../base/keys.ts'
import { LIMIT_DEFAULTS, type Limits } from '../realm/limits.ts'

/** A key that takes a number; a role has no default of its own. */
function count(text: string, fallback: number | undefined, minimum = 0, maximum = 100_000_000) {
  return Type.Optional(Type.Integer({ minimum, maximum, ...about(text, 'live', fallback) }))
}

/** What holds for each session, by a function that is given its default: a role has none. */
function sessionKeys(fallback: Partial<Limits>) {
  return {
    sessions_per_authid: count(
      'How many sessions of the realm may have the same authid. Those beyond are refused.',
      fallback.sessions_per_authid,
      1,
    ),
    subscriptions_per_session: count(
      'How many subscriptions a session may have.',
      fallback.subscriptions_per_session,
    ),
    registrations_per_session: count(
      'How many registrations a session may have.',
      fallback.registrations_per_session,
    ),
    calls_per_session: count(
      'How many calls of a session may be unanswered at a time.',
      fallback.calls_per_session,
    ),
    payload_size: Type.Optional(
      size(
        about(
          'The largest payload (args and kwargs) that a session may send. 0: as large as messages may be.',
          'live',
          fallback.payload_size,
        ),
      ),
    ),
    message_rate: Type.Optional(
      rate(
        about(
          'How many messages a session may send in the long run. Beyond `burst` requests are refused; ' +
            'who sends as many again is sent away. 0: no limit.',
          'live',
          fallback.message_rate,
        ),
      ),
    ),
    byte_rate: Type.Optional(
      bandwidth(
        about(
          'How many bytes of messages a session may send in the long run, as `message_rate`. 0: no limit.',
          'live',
          fallback.byte_rate,
        ),
      ),
    ),
    burst: Type.Optional(
      duration({
        minimum: 100,
        ...about(
          'What the rates give in this time may come at once.',
          'live',
          fallback.burst === undefined ? undefined : `${fallback.burst / 1000}s`,
        ),
      }),
    ),
  }
}

/** What a role may say of its sessions. */
export const roleLimits = Type.Optional(
  Type.Object(
    {
      sessions: count(
        'How many sessions may have the role. Those beyond are refused. Without it, no limit.',
        undefined,
      ),
      ...sessionKeys({}),
    },
    {
      ...CLOSED,
      ...about(
        'Limits of the sessions of the role. What is not named is as the realm says.',
        'live',
        {},
      ),
    },
  ),
)

/** What a realm may say of its sessions. */
export const realmLimits = Type.Optional(
  Type.Object(
    {
      sessions: count(
        'How many sessions may be in the realm. Those beyond are refused.',
        LIMIT_DEFAULTS.sessions,
      ),
      subscriptions: count(
        'How many topics and patterns may be subscribed to in the realm.',
        LIMIT_DEFAULTS.subscriptions,
      ),
      registrations: count(
        'How many procedures and patterns may be registered in the realm.',
        LIMIT_DEFAULTS.registrations,
      ),
      uri_length: count(
        'How many characters a URI or pattern may have.',
        LIMIT_DEFAULTS.uri_length,
        64,
        8192,
      ),
      wildcard_components: count(
        'How many components a wildcard pattern may have: each takes some 230 bytes.',
        LIMIT_DEFAULTS.wildcard_components,
        1,
        256,
      ),
      ...sessionKeys(LIMIT_DEFAULTS),
    },
    {
      ...CLOSED,
      ...about(
        'Limits of the realm and its sessions. In-process sessions count, but are never refused.',
        'live',
        {},
      ),
    },
  ),
)

/** What a transport may say of its connections, among its options. */
export const connectionKeys = {
  max_connections: count(
    'How many connections may be open at a time. Those beyond are closed with 1013.',
    50_000,
    1,
    10_000_000,
  ),
  max_connections_per_address: count(
    'How many of them may come from one address, or one /64 network of IPv6; 0 is without limit. The ' +
      'addresses of this machine have no limit. Name proxies in `trusted_proxies`, or all their clients ' +
      'count as one.',
    1000,
    0,
    10_000_000,
  ),
}
