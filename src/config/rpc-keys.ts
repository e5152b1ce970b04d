import Type from 'typebox'
import { about, CLOSED, duration } from '../base/keys.ts'
import { RPC_DEFAULTS } from '../dealer/options.ts'

const FALLBACK = 'In a role: what it has instead of what the realm says.'

/** The keys of `rpc`, each by a function that is given its default: a role has none. */
function keys(fallback: Partial<typeof RPC_DEFAULTS>) {
  const key = (text: string, value: unknown) => about(text, 'live', value)
  return {
    call_timeout: Type.Optional(
      duration(key('The timeout of calls that ask for none. 0: none.', fallback.call_timeout)),
    ),
    max_call_timeout: Type.Optional(
      duration(
        key(
          'The longest timeout that a call may have, and that of calls without one. 0: no limit.',
          fallback.max_call_timeout,
        ),
      ),
    ),
    max_wait: Type.Optional(
      duration(
        key(
          'The longest time that a call may wait for somebody to register its procedure, where it ' +
            'asks for that by `_wait`. 0 turns it off.',
          fallback.max_wait,
        ),
      ),
    ),
    takeover: Type.Optional(
      Type.Enum(
        ['none', 'registrations'],
        key(
          '`registrations`: a session takes over a registration that another of the same authid has ' +
            'alone. A service that comes back need not wait until its old session is found dead.',
          fallback.takeover,
        ),
      ),
    ),
    force_reregister: Type.Optional(
      Type.Boolean(
        key(
          'By the option `force_reregister` a session may take a procedure from others, not only ' +
            'from those of its own authid.',
          fallback.force_reregister,
        ),
      ),
    ),
  }
}

/** What a role may say of its calls. */
export const roleRpc = Type.Optional(
  Type.Object(keys({}), {
    ...CLOSED,
    ...about(`Limits and liberties of calls and registrations. ${FALLBACK}`, 'live', {}),
  }),
)

/** What a realm may say of its calls. */
export const realmRpc = Type.Optional(
  Type.Object(
    {
      ...keys(RPC_DEFAULTS),
      queue_limit: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 1_000_000,
          ...about(
            'How many calls may wait at once: for each registration whose callees take no more ' +
              '(`concurrency`), and for all missing procedures together.',
            'live',
            RPC_DEFAULTS.queue_limit,
          ),
        }),
      ),
      queue_timeout: Type.Optional(
        duration(
          about(
            'How long a call waits for a callee that has its `concurrency` of calls.',
            'live',
            RPC_DEFAULTS.queue_timeout,
          ),
        ),
      ),
    },
    { ...CLOSED, ...about('Limits and liberties of calls and registrations.', 'live', {}) },
  ),
)
