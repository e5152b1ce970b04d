import { type Context, dropKey, notNeeded } from '../context.ts'
import {
  type Credentials,
  cryptosignOf,
  scramOf,
  ticketOf,
  tlsOf,
  wampcraOf,
} from '../credentials.ts'
import { type Authenticator, literal } from '../draft.ts'
import { type Given, shown } from '../given.ts'
import type { Origin } from '../report.ts'
import { scopedRole } from '../scoped-role.ts'
import { addTrusted, TRUSTED } from '../trusted-role.ts'

interface Method {
  /** What `type: static` lists its users under. */
  readonly list: string
  credentials(context: Context, user: Given): Credentials
}

const METHODS: Readonly<Record<string, Method>> = {
  ticket: { list: 'principals', credentials: ticketOf },
  wampcra: { list: 'users', credentials: wampcraOf },
  scram: { list: 'principals', credentials: scramOf },
  cryptosign: { list: 'principals', credentials: cryptosignOf },
  tls: { list: 'principals', credentials: tlsOf },
}

/** A way in of the old configuration, and what is known of it. */
export interface Door {
  /** What its authenticators are to be called after. */
  readonly name: string
  /** The realms that can be joined there. */
  readonly realms: readonly string[]
  readonly at: Origin
}

/** The authenticators of a way in, by their names; Crossbar lets everybody in where none are given. */
export function authOf(context: Context, auth: Given | undefined, door: Door): string[] {
  if (auth === undefined) {
    const text = 'has no auth: everybody comes in with the role anonymous, as in Crossbar'
    context.report.changed(door.at, text, 'authenticators.*.anonymous')
    return [named(context, 'anonymous', { anonymous: { role: 'anonymous' } }, door.at)]
  }
  const fixed: Authenticator = {}
  const asked = new Map<string, { procedure: string; realm: string; methods: string[] }>()
  for (const [method, one] of auth.entries()) {
    if (one.asDict() === undefined) continue
    const type = one.text('type')?.value
    if (PROXIES.includes(method)) {
      one.settle()
      context.report.changed(one, 'is for proxies before a router: one process does all here')
    } else if (method === 'cookie') {
      const remedy = 'a token (JWT) as ticket does the same for browsers'
      one.drop('there is no authentication by cookies', remedy)
    } else if (method !== 'anonymous' && !Object.hasOwn(METHODS, method)) {
      one.drop('is a method that wampd does not have')
    } else if (type === 'dynamic') {
      const source = dynamicOf(context, one, method, door)
      if (source === undefined) continue
      const key = JSON.stringify(source)
      asked.set(key, { ...source, methods: [...(asked.get(key)?.methods ?? []), method] })
    } else if (type === 'static') {
      const keys = staticOf({ ...context, door }, one, method)
      if (keys !== undefined) fixed[method] = context.draft.from(one, keys)
    } else {
      const remedy = 'register a procedure for authenticators.*.dynamic, or embed the router'
      one.drop(`type ${shown(type)} is code within Crossbar`, remedy)
    }
  }
  const names = Object.keys(fixed).length > 0 ? [named(context, door.name, fixed, auth)] : []
  const dynamic = [...asked.values()].map(keys =>
    named(context, `${door.name}-dynamic`, { dynamic: { ...keys } }, auth),
  )
  return [...names, ...dynamic]
}

const PROXIES = ['anonymous-proxy', 'cryptosign-proxy']

/** With the way in that users come by. */
interface AtDoor extends Context {
  readonly door: Door
}

function staticOf(
  context: AtDoor,
  given: Given,
  method: string,
): Record<string, unknown> | undefined {
  if (method === 'anonymous') return anonymousOf(context, given)
  const { list, credentials } = METHODS[method] as Method
  const trust = 'there is no trust by chains of certificates of accounts'
  dropKey(given, 'trustroots', trust, 'list the keys of the users')
  const users = given.dict(list)
  if (users === undefined) return undefined
  const principals: [authid: string, keys: object][] = []
  for (const [authid, user] of users.entries()) {
    if (user.asDict() === undefined) continue
    const keys = credentials(context, user)
    const role = keys === undefined ? undefined : roleOf(context, user, given)
    if (keys === undefined || role === undefined) continue
    principals.push([authid, context.draft.from(user, { ...keys, role })])
    context.report.converted(user, `authenticators.*.${method}.principals.*`)
  }
  return principals.length === 0 ? undefined : { principals: Object.fromEntries(principals) }
}

function anonymousOf(context: AtDoor, given: Given): Record<string, unknown> | undefined {
  dropKey(given, 'authid', 'each session gets an authid of its own', 'give a role to tell by')
  const role = roleOf(context, given, given, 'anonymous')
  if (role === undefined) return undefined
  context.report.converted(given, 'authenticators.*.anonymous')
  return { role }
}

/** The role that a user gets; where a realm is named, one that only this realm has. */
function roleOf(context: AtDoor, user: Given, method: Given, usual?: string): string | undefined {
  const role = user.text('role') ?? method.text('default-role')
  const name = role?.value ?? usual
  if (name === undefined) return user.drop('has no role: it could not come in', 'give it a role')
  const { draft, door } = context
  if (name === TRUSTED) for (const one of door.realms) addTrusted(draft, draft.realm(one), user)
  const realm = user.text('realm')
  if (realm === undefined) return literal(name)
  const wanted = { realm: literal(realm.value), role: literal(name) }
  const scoped = scopedRole(context.draft, [wanted])
  if (scoped === undefined)
    return user.drop(`there is no realm ${shown(realm.value)} with a role ${shown(name)}`)
  const text = `was put into ${shown(realm.value)} whatever it asked for: here it must ask for it`
  context.report.changed(realm.at, text, 'realms[].roles[]')
  return scoped
}

function dynamicOf(
  context: Context,
  given: Given,
  method: string,
  door: Door,
): { procedure: string; realm: string } | undefined {
  const procedure = given.text('authenticator')
  if (procedure === undefined || method === 'tls') {
    const text = method === 'tls' ? 'no procedure is asked of certificates' : 'names no procedure'
    return given.drop(text, method === 'tls' ? 'list the certificates as principals' : undefined)
  }
  const realm = given.text('authenticator-realm')
  const [first] = door.realms
  const where = realm === undefined ? first : literal(realm.value)
  if (where === undefined) return given.drop('has no realm in which its procedure could be')
  notNeeded(context, given, 'authenticator-role', 'the router itself calls the procedure')
  notNeeded(context, given, 'expose_controller', 'there is no controller')
  const text =
    realm === undefined && door.realms.length > 1
      ? `is asked in ${shown(where)} for all realms, where Crossbar asked in the client’s own`
      : `is asked in ${shown(where)}`
  context.report.changed(procedure.at, text, 'authenticators.*.dynamic')
  return { procedure: literal(procedure.value), realm: where }
}

/** The name of an authenticator; several ways in with the same users share one. */
export function named(
  { draft }: Context,
  wanted: string,
  keys: Authenticator,
  origin: Origin,
): string {
  const all = draft.authenticators
  const text = JSON.stringify(keys)
  const same = [...all].find(([, others]) => JSON.stringify(others) === text)
  if (same !== undefined) return same[0]
  let name = wanted
  for (let n = 2; all.has(name); n++) name = `${wanted}-${n}`
  all.set(name, draft.from(origin, keys))
  return name
}
