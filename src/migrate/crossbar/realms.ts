import { isReserved } from '../../match/uri.ts'
import { type Context, dropKey, notNeeded } from '../context.ts'
import { literal, type Realm, type Role, type Rule } from '../draft.ts'
import { type Given, shown } from '../given.ts'
import { noteMetaRights, withoutReserved } from '../meta-rules.ts'
import { storeOf } from './store.ts'

const RULES = 'realms[].roles[].permissions[]'

/** The realms of a worker; gives their names. */
export function realmsOf(context: Context, worker: Given): string[] {
  return worker
    .list('realms')
    .map(one => realmOf(context, one))
    .filter(name => name !== undefined)
}

function realmOf(context: Context, given: Given): string | undefined {
  const { draft, report } = context
  if (given.asDict() === undefined) return undefined
  const name = given.text('name')
  if (name === undefined) return given.drop('has no name')
  notNeeded(context, given, 'id', 'realms go by their names')
  const before = draft.realm(literal(name.value))
  if (before !== undefined) {
    report.changed(name.at, `several workers have the realm ${shown(name.value)}: here it is one`)
  } else report.converted(name.at, 'realms[].name')
  const realm: Realm = before ?? draft.from(given, { name: literal(name.value), roles: [] })
  if (before === undefined) draft.realms.push(realm)
  const hasMeta = optionsOf(context, given, realm)
  for (const one of given.list('roles')) roleOf(context, one, realm, hasMeta)
  storeOf(context, given, realm)
  for (const [key, [text, remedy]] of Object.entries(NONE)) dropKey(given, key, text, remedy)
  return realm.name
}

/** Keys of a realm that wampd has nothing for. */
const NONE: Readonly<Record<string, readonly [text: string, remedy: string]>> = {
  rlinks: ['realms of other routers are not linked', 'run a client of both that forwards'],
  inventory: ['payloads are not checked against types', 'check them where they are used'],
  trace: ['nothing is traced by the configuration', 'log.level debug tells much'],
  stats: ['there are no events of statistics', 'wampd status counts'],
}

/** The realm's options; true where its clients have the meta API. */
function optionsOf(context: Context, given: Given, realm: Realm): boolean {
  const options = given.dict('options')
  if (options === undefined) return true
  const check = options.text('uri_check')
  if (check !== undefined) {
    context.report.converted(check.at, 'realms[].options.uri_check')
    realm.options = context.draft.from(check.at, { uri_check: literal(check.value) })
  }
  const meta = options.boolean('enable_meta_api')
  if (meta !== undefined) {
    const text = meta.value
      ? 'is on; who may use it, rules for wamp. say'
      : 'is off where no role has a rule for wamp.'
    context.report.changed(meta.at, text, 'realms[].roles[].permissions')
  }
  const bridge = options.boolean('bridge_meta_api')
  if (bridge?.value === true) {
    bridge.at.drop('there is no second set of meta procedures', 'use those of wamp.')
  } else if (bridge !== undefined) context.report.changed(bridge.at, 'is off: as here')
  const chunks = 'long lists of receivers do not hold up others here'
  notNeeded(context, options, 'event_dispatching_chunk_size', chunks)
  return meta?.value ?? true
}

function roleOf(context: Context, given: Given, realm: Realm, hasMeta: boolean): void {
  const { draft, report } = context
  if (given.asDict() === undefined) return
  const name = given.text('name')
  if (name === undefined) {
    given.drop('has no name')
    return
  }
  notNeeded(context, given, 'id', 'roles go by their names')
  const role: Role = draft.from(given, { name: literal(name.value), permissions: [] })
  role.permissions.push(...rulesOf(context, given.list('permissions')))
  dropKey(given, 'default_permissions', 'there are none: what no rule meets is denied')
  allByDefault(context, given, role)
  const authorizer = given.text('authorizer')
  if (authorizer !== undefined) {
    role.authorizer = draft.from(authorizer.at, { procedure: literal(authorizer.value), cache: 0 })
    const text =
      'is asked for what no rule meets, each time (cache: 1m keeps answers); URIs of wamp. need rules'
    report.changed(authorizer.at, text, 'realms[].roles[].authorizer.procedure')
  }
  if (isThere(context, given, realm, role)) return
  realm.roles.push(role)
  report.converted(name.at, 'realms[].roles[].name')
  if (hasMeta) noteMetaRights(draft, role, given)
}

/** What a role may that has neither rules nor an authorizer: all, where Crossbar is told so. */
function allByDefault({ draft, report }: Context, given: Given, role: Role): void {
  const all = given.boolean('allow-by-default')
  if (all === undefined) return
  if (!all.value) all.at.leave()
  else if (given.get('permissions') !== undefined || given.get('authorizer') !== undefined) {
    report.changed(all.at, 'has no effect beside permissions or an authorizer, as in Crossbar')
  } else {
    const allow = { call: true, register: true, publish: true, subscribe: true }
    role.permissions.push(draft.from(all.at, { uri: '', match: 'prefix', allow }))
    report.changed(all.at, 'is a rule for all URIs', RULES)
  }
}

/** True where another worker, or the same, has had a role of this name in the realm. */
function isThere({ draft, report }: Context, given: Given, realm: Realm, role: Role): boolean {
  const before = realm.roles.find(one => one.name === role.name)
  if (before === undefined) return false
  const line = draft.originOf(before)?.line
  if (JSON.stringify(before) === JSON.stringify(role)) {
    report.changed(given, `is the same as the role of line ${line}`)
  } else {
    const remedy = 'see which of the two is meant'
    given.drop(`the realm has another role of this name, of line ${line}`, remedy)
  }
  return true
}

function rulesOf(context: Context, list: readonly Given[]): Rule[] {
  const { draft, report } = context
  // Crossbar keeps one rule for a URI, whatever its match: the last.
  const byUri = new Map<string, { rule: Rule; given: Given }>()
  let isCacheNoted = false
  for (const given of list) {
    const rule = ruleOf(context, given)
    const cache = given.get('cache')
    if (cache !== undefined && !isCacheNoted) {
      isCacheNoted = true
      report.changed(cache, 'rules need none; so with all rules of the role')
    }
    if (rule === undefined) continue
    const before = byUri.get(rule.uri)
    if (before !== undefined) {
      const text = `the rule of line ${given.line} for the same URI counts, as in Crossbar`
      report.changed(before.given, text)
    }
    byUri.delete(rule.uri)
    byUri.set(rule.uri, { rule, given })
  }
  noteShadows(context, [...byUri.values()])
  return [...byUri.values()].map(({ rule, given }) =>
    draft.from(given, withoutReserved(draft, rule, given)),
  )
}

function ruleOf(context: Context, given: Given): Rule | undefined {
  const { report } = context
  if (given.asDict() === undefined) return undefined
  const uri = given.text('uri')
  if (uri === undefined) {
    if (!given.isEmpty) given.drop('has no uri')
    return undefined
  }
  const match = given.text('match')
  const pattern =
    match === undefined ? unstarred(uri.value) : { uri: uri.value, match: match.value }
  if (match === undefined && uri.value.includes('*')) {
    report.changed(uri.at, `${shown(uri.value)} is ${pattern.match} ${shown(pattern.uri)}`, RULES)
  } else if (uri.value.includes('*')) {
    report.changed(
      uri.at,
      'with a match the * stands for itself, as in Crossbar: no pattern',
      RULES,
    )
  } else report.converted(given, RULES)
  dropKey(given, 'validate', 'payloads are not checked against types', 'check them in the callee')
  const rule: Rule = { uri: literal(pattern.uri), match: pattern.match, allow: allowOf(given) }
  const disclose = discloseOf(given.dict('disclose'))
  if (Object.keys(disclose).length > 0) rule.disclose = disclose
  return rule
}

/** A pattern with stars, as Crossbar takes it where no match is given. */
function unstarred(uri: string): { uri: string; match: string } {
  const stars = uri.split('*').length - 1
  if (stars === 0) return { uri, match: 'exact' }
  if (stars === 1 && uri.endsWith('*')) return { uri: uri.slice(0, -1), match: 'prefix' }
  return { uri: uri.replaceAll('*', ''), match: 'wildcard' }
}

const ACTIONS = ['call', 'register', 'publish', 'subscribe']

/** What a rule allows: by `allow`, or as in files of version 1 by keys of its own. */
function allowOf(given: Given): Record<string, boolean> {
  const allow: Record<string, boolean> = {}
  for (const holder of [given, given.dict('allow')]) {
    for (const action of ACTIONS) {
      const allowed = holder?.boolean(action)
      if (allowed?.value === true) allow[action] = true
    }
  }
  return allow
}

/** Who is disclosed; where Crossbar says no, clients may still ask for it themselves. */
function discloseOf(given: Given | undefined): Record<string, string> {
  const wanted = ['caller', 'publisher'].filter(who => given?.boolean(who)?.value === true)
  return Object.fromEntries(wanted.map(who => [who, 'always']))
}

/**
 * In Crossbar an exact rule keeps wider ones from the longer URIs that begin like it: with rules for
 * `com.` and, exact, `com.a`, nobody may call `com.a.b`. Here the wider rule counts.
 */
function noteShadows({ report }: Context, rules: readonly { rule: Rule; given: Given }[]): void {
  for (const { rule, given } of rules) {
    if (rule.match !== 'exact' || isReserved(rule.uri)) continue
    // The longest of them counts.
    const [wider] = rules
      .map(one => one.rule)
      .filter(({ match, uri }) => match === 'prefix' && rule.uri.startsWith(uri))
      .sort((one, other) => other.uri.length - one.uri.length)
    if (wider === undefined || Object.keys(wider.allow).length === 0) continue
    const text = `longer URIs that begin so were denied: here the rule for ${shown(wider.uri)} counts`
    report.changed(given, text, RULES)
  }
}
