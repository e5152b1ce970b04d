import type { Principal } from '../auth/auth.ts'
import { principalsOf } from '../auth/methods.ts'
import { isReserved, type Match } from '../match/uri.ts'
import {
  BAD_URI,
  MAY_CALL,
  MAY_PUBLISH,
  MAY_REGISTER,
  MAY_SUBSCRIBE,
  Rules,
} from '../realm/authorize.ts'
import type { Loaded } from './load.ts'
import { nearest } from './nearest.ts'
import { asWritten } from './node.ts'
import { type Path, printable } from './problem.ts'
import type { Config, Permission, RealmConfig } from './schema.ts'
import { waysIn } from './ways-in.ts'

export type Action = keyof Permission['allow']

const BITS: Readonly<Record<Action, number>> = {
  call: MAY_CALL,
  register: MAY_REGISTER,
  publish: MAY_PUBLISH,
  subscribe: MAY_SUBSCRIBE,
}

export const ACTIONS = Object.keys(BITS) as readonly Action[]

/** May this user do that? */
export interface Query {
  /** A user; `anonymous` is everybody who comes without proof. */
  readonly authid: string
  readonly uri: string
  readonly action: Action
  /** For `register` and `subscribe`: `uri` is a pattern. A call or publication has no pattern. */
  readonly match?: Match | undefined
}

/** The answer for one realm and one way into it. Where nobody gets in, those are undefined. */
export interface Explanation {
  readonly allowed: boolean
  /** The procedure that decides, where only it knows; then `allowed` is false. */
  readonly asks?: string
  /** Why, in one line. */
  readonly reason: string
  readonly realm?: string | undefined
  /** Undefined for a configuration without authenticators, which anonymous clients may join. */
  readonly authenticator?: string | undefined
  /** Its name among the keys of the authenticator. */
  readonly method?: string | undefined
  readonly role?: string | undefined
  /** Where the rule is written that decides or, where none does, what it would belong to. */
  readonly path?: string | undefined
  readonly file?: string | undefined
  readonly line?: number | undefined
  readonly column?: number | undefined
}

/** How somebody gets a role. */
interface Way extends Omit<Principal, 'path'> {
  readonly authenticator?: string
  readonly kind: string
  readonly method: string
  /** The role as it is written. */
  readonly roleText?: string
}

/** What a user may do with a URI, and why: for every realm and every way in. */
export function explain(loaded: Loaded, query: Query): Explanation[] {
  const { config } = loaded
  const known = waysOf(loaded)
  const ways = known.filter(way => mayBe(way, query.authid))
  if (ways.length === 0) return [{ allowed: false, reason: stranger(query.authid, known) }]
  if (config.realms.length === 0) return [{ allowed: false, reason: 'there is no realm' }]
  return config.realms.flatMap((realm, r) =>
    ways.map(way => {
      const { authenticator, kind: method } = way
      const { path: at, ...answer } =
        keptOut(config, realm, way, ways) ?? judged(loaded, r, way, query)
      const { path, file, line, column } = loaded.problem({ path: ['realms', r, ...at], text: '' })
      const name = asWritten(loaded.written, ['realms', r, 'name'], realm.name)
      const who = { realm: name, authenticator, method, role: way.roleText }
      return { ...answer, ...who, path, file, line, column }
    }),
  )
}

/** Everybody whom the configuration lets in. */
function waysOf({ config, written }: Loaded): Way[] {
  const sources = Object.entries(config.authenticators)
  if (sources.length === 0) {
    const [kind, role] = ['anonymous', 'anonymous']
    return [{ kind, method: kind, role, roleText: role }]
  }
  return sources.flatMap(([authenticator, keys]) =>
    principalsOf(keys).map(({ path, ...principal }) => {
      const show = (text: string) =>
        asWritten(written, ['authenticators', authenticator, ...path], text)
      const { role, asks } = principal
      if (asks !== undefined) return { ...principal, authenticator, asks: show(asks) }
      return { ...principal, authenticator, roleText: show(role ?? '') }
    }),
  )
}

/** True of a way that this user may come by; one without authid may know anybody who has a proof. */
function mayBe({ authid, method }: Way, user: string): boolean {
  if (authid !== undefined) return authid === user
  return (method === 'anonymous') === (user === 'anonymous')
}

function stranger(authid: string, known: readonly Way[]): string {
  const meant = nearest(
    authid,
    known.map(way => way.authid ?? 'anonymous'),
  )
  const hint = meant === undefined ? '' : `; did you mean "${printable(meant)}"?`
  return `no authenticator knows "${printable(authid)}"${hint}`
}

/** An answer, and the place that it comes from, below the realm. */
interface Answer {
  readonly allowed: boolean
  readonly asks?: string
  readonly reason: string
  readonly path: Path
}

/** What keeps a client from joining the realm this way; `ways` are all that it has. */
function keptOut(
  { transports }: Config,
  { name, roles }: RealmConfig,
  way: Way,
  ways: readonly Way[],
): Answer | undefined {
  const { authenticator, role, roleText } = way
  const denied = (reason: string) => ({ allowed: false, reason, path: [] })
  if (role !== undefined && !roles.some(one => one.name === role)) {
    return denied(`the realm has no role "${roleText}"`)
  }
  // Without transports here the ports are the application's own.
  if (authenticator === undefined || transports.length === 0) return undefined
  const doors = transports
    .flatMap(waysIn)
    .filter(({ auth, realms }) => auth.includes(authenticator) && (realms?.includes(name) ?? true))
  if (doors.length === 0) return denied('no transport takes this authenticator into the realm')
  // Of several sources with one method the first that knows the user decides: see auth/auth.ts.
  const before = doors.map(({ auth }) => {
    const order = auth
      .flatMap(name => ways.filter(one => one.authenticator === name))
      .filter(one => one.method === way.method)
    const isOwn = (one: Way) => one.authenticator === authenticator && one.kind === way.kind
    return order.slice(0, order.findIndex(isOwn)).find(isSure)
  })
  const [first] = before
  if (first === undefined || before.includes(undefined)) return undefined
  const source = `${printable(first.authenticator ?? '')}.${first.kind}`
  return denied(
    `${source} is asked first, and ${first.takesAll ? 'takes all' : 'knows the user too'}`,
  )
}

/** True of a way that leaves nobody it is for to the sources behind it. */
function isSure({ authid, takesAll }: Way): boolean {
  return authid !== undefined || takesAll === true
}

/** What the rules of a role say, in the realm of this index. */
function judged(
  { config, written }: Loaded,
  r: number,
  { role, asks }: Way,
  { uri, action, match }: Query,
): Answer {
  if (asks !== undefined) {
    const reason = `${asks} is asked who that is, and for the role`
    return { allowed: false, asks, reason, path: [] }
  }
  const { options, roles, limits } = config.realms[r] as RealmConfig
  const { uri_check } = options
  const o = roles.findIndex(({ name }) => name === role)
  const permissions = roles[o]?.permissions ?? []
  const rules = new Rules(permissions, uri_check, { limits })
  const takesPattern = action === 'register' || action === 'subscribe'
  const verdict = rules.verdictOnPattern(uri, takesPattern ? (match ?? 'exact') : 'exact')
  const path = ['roles', o]
  const denied = (reason: string) => ({ allowed: false, reason, path })
  if ((verdict & BAD_URI) !== 0)
    return denied(`"${printable(uri)}" is not a ${uri_check} URI, or too long a one`)
  if (isReserved(uri) && (action === 'register' || action === 'publish')) {
    return denied('URIs that begin with wamp. or wampd. are the router’s own')
  }
  const rule = rules.deciding(uri)
  const authorizer = roles[o]?.authorizer
  if (rule === undefined && authorizer !== undefined && !isReserved(uri)) {
    const at = [...path, 'authorizer', 'procedure']
    const asks = asWritten(written, ['realms', r, ...at], authorizer.procedure)
    const reason = `no rule of the role meets this URI: ${asks} is asked`
    return { allowed: false, asks, reason, path: at }
  }
  if (rule === undefined) return denied('no rule of the role meets this URI')
  const allowed = (verdict & BITS[action]) !== 0
  const at = [...path, 'permissions', permissions.indexOf(rule as Permission)]
  const pattern = asWritten(written, ['realms', r, ...at, 'uri'], rule.uri)
  const decision = allowed ? 'allows it' : 'decides, and does not allow it'
  return { allowed, reason: `the ${rule.match} rule for "${pattern}" ${decision}`, path: at }
}
