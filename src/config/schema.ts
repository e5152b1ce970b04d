import Type from 'typebox'
import { type AuthenticatorConfig, authenticatorKeys } from '../auth/methods.ts'
import {
  about,
  CLOSED,
  duration,
  memory as memorySize,
  name,
  named,
  PATH,
  rate,
} from '../base/keys.ts'
import { LOG_LEVELS } from '../base/log-level.ts'
import type { Match } from '../match/uri.ts'
import type { Paths } from '../site/services.ts'
import { admin } from './admin-keys.ts'
import type { SchemaNode } from './node.ts'
import { realm } from './realm-keys.ts'
import { trace } from './trace-keys.ts'
import { tracing } from './tracing-keys.ts'
import { transport } from './transport-keys.ts'

/** The format of this file's schema. A file of another version is refused. */
const VERSION = 1

const control = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean(about('Open the socket.', 'restart', true))),
    path: Type.Optional(
      name({
        ...PATH,
        ...about(
          'The unix socket. Without it, `wampd.sock` in `$XDG_RUNTIME_DIR`, or in a folder of the ' +
            "user's own below the folder for temporary files.",
          'restart',
        ),
      }),
    ),
  },
  {
    ...CLOSED,
    ...about(
      'The socket by which `wampd reload`, `drain`, `stop` and `status` reach a running router. ' +
        'Only the user whom the router runs as may use it.',
      'restart',
      {},
    ),
  },
)

const log = Type.Object(
  {
    level: Type.Optional(
      Type.Enum([...LOG_LEVELS], about('How much is logged on standard error.', 'live', 'info')),
    ),
    format: Type.Optional(
      Type.Enum(
        ['auto', 'json', 'pretty'],
        about('`auto`: readable on a terminal, JSON lines elsewhere.', 'restart', 'auto'),
      ),
    ),
  },
  { ...CLOSED, ...about('The log.', 'live', {}) },
)

const shutdown = Type.Object(
  {
    grace: Type.Optional(
      duration(about('How long a drain may take: running calls finish within it.', 'live', '30s')),
    ),
    slice: Type.Optional(
      rate({
        minimum: 1,
        ...about(
          'How many sessions are sent away at a time, so that they do not all come back at once. ' +
            'Where that would take more than half of the grace time, it goes faster.',
          'live',
          '200/s',
        ),
      }),
    ),
  },
  { ...CLOSED, ...about('How the router goes down.', 'live', {}) },
)

const reload = Type.Object(
  {
    watch: Type.Optional(
      Type.Boolean(
        about(
          'Reload by itself when a file of the configuration changes, or a certificate, key or `ca`.',
          'live',
          false,
        ),
      ),
    ),
    orphans: Type.Optional(
      Type.Enum(
        ['close', 'keep'],
        about(
          'What becomes of the sessions of a role that a reload takes away: `close` ends them with ' +
            'GOODBYE `wampd.close.role_removed`; `keep` leaves them what they were allowed.',
          'live',
          'close',
        ),
      ),
    ),
  },
  { ...CLOSED, ...about('How changes of the configuration are taken up.', 'live', {}) },
)

const memory = Type.Object(
  {
    limit: Type.Optional(
      memorySize({
        minimum: 64 << 20,
        ...about(
          'How much memory the router may take, of its container or machine. From nine tenths of ' +
            'it on new sessions are refused with 1013; beyond it the readers for whom most waits ' +
            'are cut off.',
          'live',
          '80%',
        ),
      }),
    ),
  },
  { ...CLOSED, ...about('What happens before memory is used up.', 'live', {}) },
)

/** The schema of a configuration: every key's type, default, meaning and reload class. */
export const schema = Type.Object(
  {
    version: Type.Literal(
      VERSION,
      about(`The version of the file's format: ${VERSION}.`, 'restart'),
    ),
    include: Type.Optional(
      Type.Array(
        Type.String({ minLength: 1 }),
        about(
          'Further files, relative to this one, whose `realms` are added: `realms/*.yaml`. A `*` ' +
            'stands for any part of a file name. Such a file holds `version` and `realms` only.',
          'live',
          [] as never[],
        ),
      ),
    ),
    realms: Type.Optional(
      Type.Array(realm, {
        ...about('The realms. Sessions of different realms never meet.', 'live', [] as never[]),
        keyedBy: ['name'],
      }),
    ),
    authenticators: Type.Optional(
      named(
        authenticatorKeys,
        about('Sources of identities, by the name that transports give in `auth`.', 'live', {}),
      ),
    ),
    transports: Type.Optional(
      Type.Array(transport, {
        ...about('Where clients come in.', 'restart', [] as never[]),
        keyedBy: ['id'],
      }),
    ),
    control: Type.Optional(control),
    admin: Type.Optional(admin),
    trace: Type.Optional(trace),
    tracing: Type.Optional(tracing),
    log: Type.Optional(log),
    shutdown: Type.Optional(shutdown),
    reload: Type.Optional(reload),
    memory: Type.Optional(memory),
  },
  CLOSED,
)

/** The same, as those see it that walk it. */
export const ROOT = schema as unknown as SchemaNode

/** A configuration as people write it: keys that have a default may be missing. */
export type ConfigInput = Type.Static<typeof schema>
/** A realm as people write it. */
export type RealmInput = Type.Static<typeof realm>

/** A configuration with its defaults filled in, and its texts with units as numbers. */
export type Config = Omit<
  Filled<ConfigInput>,
  'authenticators' | 'transports' | 'control' | 'admin' | 'trace' | 'tracing'
> & {
  authenticators: Record<string, AuthenticatorConfig>
  transports: TransportConfig[]
  control: { enabled: boolean; path?: string }
  trace: TraceConfig
  tracing?: Filled<Type.Static<typeof tracing>>
  admin?: {
    endpoint: { interface: string; port: number }
    token?: string
    open_metrics: boolean
  }
}
/** What traces may show. */
export interface TraceConfig {
  enabled: boolean
  payloads: boolean
  redact: { uri: string; match: Match; realm?: string; args?: boolean; kwargs?: string[] }[]
}
/** A realm, with its defaults filled in. */
export type RealmConfig = Config['realms'][number]
/** A role of a realm: its rules, its limits, its authorizer. */
export type RoleConfig = RealmConfig['roles'][number]
/** A rule: which URIs it meets, and what it allows there. realms/README.md says which one decides. */
export type Permission = RoleConfig['permissions'][number]
type TransportInput = Type.Static<typeof transport>
type TlsInput = NonNullable<TransportInput['tls']>
type TransportParts = 'endpoint' | 'tls' | 'realms' | 'paths'
export type TransportConfig = Omit<Filled<TransportInput>, TransportParts> & {
  endpoint: { interface: string; port: number; path?: string; mode?: string }
  tls?: Omit<Filled<TlsInput>, 'names'> & Pick<TlsInput, 'names'>
  realms?: string[]
  paths?: Paths
}

/** Keys below the top that may be absent for good: they have no default. */
type Bare = 'trust_level' | 'ca' | 'authorizer' | 'realm'

type Filled<T> = number extends T
  ? // A number, or a text with a unit; some take keys as well.
    number | Filled<Extract<T, object>>
  : T extends readonly (infer Item)[]
    ? Filled<Item>[]
    : T extends object
      ? {
          [Key in keyof T as Key extends Bare ? never : Key]-?: Filled<Exclude<T[Key], undefined>>
        } & {
          [Key in keyof T as Key extends Bare ? Key : never]?: Filled<Exclude<T[Key], undefined>>
        }
      : T
