import Type from 'typebox'
import { MATCHES } from '../match/uri.ts'

/** The format of this file's schema. A file of another version is refused. */
const VERSION = 1

/**
 * What a change of a key asks for: `live` takes effect on reload, `restart` only when wampd starts.
 * A key in a list or object has its own class, not that of its container.
 */
export type Reload = 'live' | 'restart'

/** What is said of a key besides its type: `text` becomes documentation. */
function about<Default>(text: string, reload: Reload, fallback?: Default) {
  return { description: text, reload, ...(fallback === undefined ? {} : { default: fallback }) }
}

/** Keys that are not listed are refused. */
const CLOSED = { additionalProperties: false } as const

function may(what: string) {
  return Type.Optional(Type.Boolean(about(`May ${what}.`, 'live', false)))
}

const allow = Type.Object(
  {
    call: may('call these procedures'),
    register: may('register these procedures'),
    publish: may('publish to these topics'),
    subscribe: may('subscribe to these topics'),
  },
  {
    ...CLOSED,
    ...about('What the role may do with these URIs. What is not named is denied.', 'live'),
  },
)

const permission = Type.Object(
  {
    uri: Type.String(
      about(
        'The URI, or the pattern, that this rule is for. The prefix "" stands for all URIs.',
        'live',
      ),
    ),
    match: Type.Optional(
      Type.Enum(
        [...MATCHES],
        about(
          'How `uri` is compared: `exact`; `prefix`, the URIs that start with it; `wildcard`, ' +
            'where an empty component, as in `com..save`, stands for any one component.',
          'live',
          'exact',
        ),
      ),
    ),
    allow,
  },
  CLOSED,
)

const role = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      ...about(
        'The name of the role. Clients that do not authenticate get the role `anonymous`; without ' +
          'a role of that name they cannot join.',
        'live',
      ),
    }),
    permissions: Type.Array(
      permission,
      about(
        'The rules. The most specific one that meets a URI decides: an exact one, else the ' +
          'longest prefix, else a wildcard. Where none does, all is denied.',
        'live',
      ),
    ),
  },
  CLOSED,
)

const realmOptions = Type.Object(
  {
    uri_check: Type.Optional(
      Type.Enum(
        ['loose', 'strict'],
        about(
          'Which URIs are accepted. `loose`: all but those with white space or `#`. `strict`: ' +
            'only a-z, 0-9, `_` and the dots.',
          'restart',
          'loose',
        ),
      ),
    ),
    strict_request_ids: Type.Optional(
      Type.Boolean(
        about(
          "Close sessions whose request ids are not 1, 2, 3, …, as WAMP asks. Off, a client's " +
            'ids need only tell its own pending requests apart.',
          'restart',
          false,
        ),
      ),
    ),
  },
  { ...CLOSED, ...about('How the realm treats its sessions.', 'restart', {}) },
)

const realm = Type.Object(
  {
    name: Type.String(about('The URI that clients join.', 'live')),
    options: Type.Optional(realmOptions),
    roles: Type.Array(
      role,
      about('Who may do what. A session has one role; without roles nobody can join.', 'live'),
    ),
  },
  CLOSED,
)

/** The schema of a configuration file: every key's type, default, meaning and reload class. */
export const schema = Type.Object(
  {
    version: Type.Literal(
      VERSION,
      about(`The version of the file's format: ${VERSION}.`, 'restart'),
    ),
    realms: Type.Optional(
      Type.Array(
        realm,
        about('The realms. Sessions of different realms never meet.', 'live', [] as never[]),
      ),
    ),
  },
  CLOSED,
)

/** A configuration as people write it: keys that have a default may be missing. */
export type ConfigInput = Type.Static<typeof schema>
/** A realm as people write it. */
export type RealmInput = Type.Static<typeof realm>

/** A configuration with its defaults filled in: every key is there. */
export type Config = Filled<ConfigInput>
export type RealmConfig = Filled<RealmInput>
export type RoleConfig = RealmConfig['roles'][number]
export type Permission = RoleConfig['permissions'][number]

type Filled<T> = T extends readonly (infer Item)[]
  ? Filled<Item>[]
  : T extends object
    ? { [Key in keyof T]-?: Filled<Exclude<T[Key], undefined>> }
    : T
