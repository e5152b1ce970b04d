import Type from 'typebox'
import { about, CLOSED, duration, name, PATH, type Reload, size } from '../base/keys.ts'
import { HISTORY_DEFAULTS, RETAINED_DEFAULTS, TESTAMENT_DEFAULTS } from '../broker/options.ts'
import { MATCHES } from '../match/uri.ts'

const COUNT = { minimum: 1, maximum: 100_000_000 } as const

/** How much is kept of something: by number, bytes and age. */
function bounds(what: string, defaults: { limit: number; max_bytes: number }, reload: Reload) {
  const { limit, max_bytes } = defaults
  return {
    limit: Type.Optional(Type.Integer({ ...COUNT, ...about(`How many ${what}.`, reload, limit) })),
    max_bytes: Type.Optional(
      size(about('How much memory or disk they may take together.', reload, max_bytes)),
    ),
    max_age: Type.Optional(
      duration(about('How old they may become. Without it, as old as they like.', reload)),
    ),
  }
}

const history = Type.Object(
  {
    uri: Type.String(about('The topic, or the pattern of topics.', 'restart')),
    match: Type.Optional(
      Type.Enum([...MATCHES], about('How `uri` is compared.', 'restart', 'exact')),
    ),
    ...bounds('events are kept', HISTORY_DEFAULTS, 'restart'),
  },
  CLOSED,
)

/** What a realm keeps of its publications. */
export const pubsubKeys = {
  store: Type.Optional(
    Type.Object(
      {
        type: Type.Optional(
          Type.Enum(
            ['memory', 'lmdb'],
            about(
              '`memory` is lost when the router stops; `lmdb` is a file, and a publication that is ' +
                'kept is acknowledged when it is on disk.',
              'restart',
              'memory',
            ),
          ),
        ),
        path: Type.Optional(
          name({ ...PATH, ...about('The file, where the type is `lmdb`.', 'restart') }),
        ),
      },
      { ...CLOSED, ...about('Where retained events and histories are kept.', 'restart', {}) },
    ),
  ),
  retained_events: Type.Optional(
    Type.Object(bounds('topics may have retained events', RETAINED_DEFAULTS, 'live'), {
      ...CLOSED,
      ...about('How much is retained. Beyond it the oldest go.', 'live', {}),
    }),
  ),
  event_history: Type.Optional(
    Type.Array(history, {
      ...about('Topics and patterns whose events are kept.', 'restart', [] as never[]),
      keyedBy: ['match', 'uri'],
    }),
  ),
  testaments: Type.Optional(
    Type.Object(
      {
        limit: Type.Optional(
          Type.Integer({
            minimum: 0,
            maximum: 10_000,
            ...about('How many testaments a session may leave.', 'live', TESTAMENT_DEFAULTS.limit),
          }),
        ),
        max_bytes: Type.Optional(
          size(about('Their bytes together.', 'live', TESTAMENT_DEFAULTS.max_bytes)),
        ),
      },
      { ...CLOSED, ...about('Events that are published when a session ends.', 'live', {}) },
    ),
  ),
}
