import { isReserved } from '../match/uri.ts'
import { endpointOf } from './address.ts'
import { type Context, dropKey } from './context.ts'
import { cryptosignOf, ticketOf, wampcraOfPassword } from './credentials.ts'
import { type Draft, literal, type Role, type Rule, type Transport } from './draft.ts'
import { type Given, shown } from './given.ts'
import { noteMetaRights, withoutReserved } from './meta-rules.ts'
import { serializersOf, webSocketPaths } from './options.ts'
import { isThere, type RoleIn, scopedRole } from './scoped-role.ts'
import { addTrusted, TRUSTED } from './trusted-role.ts'

const NAME = 'users'

/** A file of nxt, the router of the xconn libraries. */
export function nxt(context: Context, top: Given): void {
  const { report } = context
  const version = top.text('version')
  if (version !== undefined) report.converted(version.at, 'version')
  for (const realm of top.list('realms')) realmOf(context, realm)
  const authenticators = top.dict('authenticators')
  if (authenticators !== undefined) authenticatorsOf(context, authenticators)
  for (const transport of top.list('transports')) transportOf(context, transport)
}

function realmOf(context: Context, given: Given): void {
  const { draft, report } = context
  const name = given.asDict()?.text('name')
  if (name === undefined) {
    given.drop('has no name')
    return
  }
  report.converted(name.at, 'realms[].name')
  const realm = draft.from(given, { name: literal(name.value), roles: [] as Role[] })
  draft.realms.push(realm)
  for (const one of given.list('roles')) {
    const roleName = one.asDict()?.text('name')
    if (roleName === undefined) {
      one.drop('has no name')
      continue
    }
    report.converted(roleName.at, 'realms[].roles[].name')
    const permissions = summed(
      context,
      one.list('permissions').flatMap(rule => ruleOf(context, rule)),
    )
    const role = draft.from(one, { name: literal(roleName.value), permissions })
    realm.roles.push(role)
    noteMetaRights(draft, role, one)
  }
}

const ACTIONS = ['call', 'register', 'publish', 'subscribe']

function ruleOf({ draft, report }: Context, given: Given): Rule[] {
  const uri = given.asDict()?.text('uri')
  if (uri === undefined) {
    given.drop('has no uri')
    return []
  }
  const match = given.text('match')?.value ?? 'exact'
  const allowed = ACTIONS.filter(action => given.boolean(`allow_${action}`)?.value === true)
  const allow = Object.fromEntries(allowed.map(action => [action, true]))
  report.converted(given, RULES)
  const rule = { uri: literal(uri.value), match: literal(match), allow }
  return [draft.from(given, withoutReserved(draft, rule, given))]
}

/**
 * nxt allows what any rule allows, wampd what the most specific one does: each gets what the wider ones
 * allow as well. (Not rules for the router's own URIs, which a wide rule does not meet here.)
 */
function summed({ draft, report }: Context, rules: readonly Rule[]): Rule[] {
  const all = new Map<string, Rule>()
  for (const rule of rules) {
    const key = `${rule.match} ${rule.uri}`
    const before = all.get(key)
    if (before === undefined) all.set(key, rule)
    else Object.assign(before.allow, rule.allow)
  }
  for (const rule of all.values()) {
    if (rule.match === 'wildcard' || isReserved(rule.uri)) continue
    const wider = rules.filter(({ uri, match }) => match === 'prefix' && rule.uri.startsWith(uri))
    const allow = Object.assign({}, ...wider.map(one => one.allow), rule.allow)
    const origin = draft.originOf(rule)
    if (origin !== undefined && Object.keys(allow).length > Object.keys(rule.allow).length) {
      report.changed(origin, 'allows what wider rules do too: nxt adds rules up', RULES)
    }
    rule.allow = allow
  }
  return [...all.values()]
}

const RULES = 'realms[].roles[].permissions[]'

const METHODS = { ticket: ticketOf, wampcra: wampcraOfPassword, cryptosign: cryptosignOf } as const

function authenticatorsOf(context: Context, given: Given): void {
  const { draft } = context
  const keys: Record<string, Record<string, unknown>> = {}
  const anonymous = anonymousOf(context, given.list('anonymous'))
  if (anonymous !== undefined) keys.anonymous = anonymous
  for (const [method, credentials] of Object.entries(METHODS)) {
    const principals: [authid: string, keys: object][] = []
    for (const [authid, entries] of byAuthid(given.list(method))) {
      const user = userOf(context, entries, credentials, method)
      if (user !== undefined) principals.push([authid, user])
    }
    if (principals.length === 0) continue
    keys[method] = draft.from(given, { principals: Object.fromEntries(principals) })
  }
  if (Object.keys(keys).length > 0) draft.authenticators.set(NAME, draft.from(given, keys))
}

/** nxt has an entry for each realm of a user, wampd one for the user. */
function byAuthid(list: readonly Given[]): Map<string, Given[]> {
  const users = new Map<string, Given[]>()
  for (const one of list) {
    const authid = one.asDict()?.text('authid')
    if (authid === undefined) one.drop('has no authid')
    else users.set(authid.value, [...(users.get(authid.value) ?? []), one])
  }
  return users
}

type CredentialsOf = (typeof METHODS)[keyof typeof METHODS]

function userOf(
  context: Context,
  entries: readonly Given[],
  credentials: CredentialsOf,
  method: string,
): object | undefined {
  const { draft, report } = context
  const [first] = entries
  const keys = first === undefined ? undefined : credentials(context, first)
  if (first === undefined || keys === undefined) return undefined
  const same = entries.filter((one, i) => {
    if (i === 0 || JSON.stringify(credentials(context, one)) === JSON.stringify(keys)) return true
    const text = 'has other credentials than the entry of the same authid before it'
    one.drop(text, 'give it an authid of its own')
    return false
  })
  const role = roleOf(context, same)
  if (role === undefined) return undefined
  const to = `authenticators.*.${method}.principals.*`
  for (const one of same) {
    if (method === 'wampcra') report.converted(one, to)
    else report.changed(one, 'counts for its authid, where nxt took any', to)
  }
  return draft.from(first, { ...keys, role })
}

/** The role of somebody who has one in each of these realms; entries of realms that are not there go. */
function roleOf({ draft, report }: Context, entries: readonly Given[]): string | undefined {
  const wanted = new Map<string, RoleIn>()
  for (const one of entries) {
    const [realm, role] = [one.text('realm')?.value, one.text('role')?.value].map(text =>
      literal(text ?? ''),
    ) as [string, string]
    addRole(draft, { realm, role }, one)
    // The first entry for a realm counts.
    if (!isThere(draft, { realm, role })) {
      one.drop(`there is no realm ${shown(realm)} with a role ${shown(role)}`)
    } else if (!wanted.has(realm)) wanted.set(realm, { realm, role })
    else report.changed(one, 'an entry before it is for the same realm, and counts')
  }
  return wanted.size === 0 ? undefined : scopedRole(draft, [...wanted.values()])
}

/** Who has a role that the realm does not have comes in, and may do nothing. */
function addRole(draft: Draft, { realm, role }: RoleIn, user: Given): void {
  const place = draft.realm(realm)
  if (role === TRUSTED) addTrusted(draft, place, user)
  if (place === undefined || role === '' || place.roles.some(one => one.name === role)) return
  place.roles.push(draft.from(user, { name: role, permissions: [] }))
  const text = `the realm has no role ${shown(role)}: as in nxt, who has it may do nothing`
  draft.report.changed(user, text, 'realms[].roles[]')
}

function anonymousOf(context: Context, list: readonly Given[]): { role: string } | undefined {
  const entries = list.filter(one => one.asDict() !== undefined)
  for (const one of entries) {
    const authid = one.text('authid')
    const text = 'each session gets an authid of its own'
    if (authid !== undefined) context.report.changed(authid.at, text)
    context.report.converted(one, 'authenticators.*.anonymous')
  }
  const role = roleOf(context, entries)
  return role === undefined ? undefined : { role }
}

function transportOf(context: Context, given: Given): void {
  const { draft, report } = context
  if (given.asDict() === undefined) return
  const type = given.text('type')?.value
  const endpoint = placeOf(context, given)
  if (endpoint === undefined) return
  const auth = [...draft.authenticators.keys()]
  if (auth.length === 0) {
    given.drop('nobody could come in: there are no users')
    return
  }
  const transport: Transport = { type: 'rawsocket', endpoint, auth }
  if (type === 'websocket' || type === 'universal') {
    transport.type = 'web'
    transport.paths = webSocketPaths()
    if (type === 'universal') transport.rawsocket = true
    const where = Object.keys(transport.paths).map(shown).join(' and ')
    const text = `WebSockets are taken at ${where}, no longer at any path`
    report.changed(given, text, 'transports[].type')
  } else if (type === 'rawsocket') report.converted(given, 'transports[].type')
  else {
    given.drop(`${shown(type)} is a type of transport that wampd does not have`)
    return
  }
  serializersOf(context, given, transport)
  const remedy = 'realms[].limits.message_rate is like it; it refuses where nxt waits'
  dropKey(given, 'ratelimit', 'transports have no rate', remedy)
  draft.transports.push(draft.from(given, transport))
}

function placeOf(context: Context, given: Given): Transport['endpoint'] | undefined {
  const { draft, report } = context
  const address = given.text('address')
  if (address === undefined) return given.drop('has no address')
  if (given.text('listener')?.value !== 'unix') return endpointOf(draft, address)
  const [, below] = /^~(\/.*)$/.exec(address.value) ?? []
  const path =
    below === undefined
      ? context.moved(address.value)
      : `${draft.variable('HOME', '/root')}${literal(below)}`
  const text = 'only the user of wampd may connect: mode lets others'
  report.changed(address.at, text, 'transports[].endpoint.path')
  return draft.from(address.at, { path })
}
