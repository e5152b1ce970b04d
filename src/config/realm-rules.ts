import { isPattern, isReserved, isUri, type Match, type UriCheck } from '../match/uri.ts'
import { asWritten } from './node.ts'
import { type Fault, type Path, unique } from './problem.ts'
import type { Config, Permission, RealmConfig } from './schema.ts'

/** What is wrong with realms, their roles and permissions, though each key is sound. */
export function realmFaults({ realms }: Config, written: unknown): Fault[] {
  const faults: Fault[] = []
  const isFirstStore = unique(faults, 'realm that keeps its events in this file')
  const names = new Set(realms.map(({ name }) => name))
  const isFirstRealm = unique(faults, 'realm of this name')
  for (const [r, realm] of realms.entries()) {
    const { name, options, roles } = realm
    const at = ['realms', r]
    const path = [...at, 'name']
    if (!isUri(name, 'loose')) {
      faults.push({ path, text: `"${asWritten(written, path, name)}" is not a URI` })
    }
    isFirstRealm(name, path)
    const { store } = realm
    if (store.type === 'lmdb' && store.path === undefined) {
      faults.push({ path: [...at, 'store'], text: 'a store of type lmdb needs a path' })
    }
    if (store.path !== undefined) isFirstStore(store.path, [...at, 'store', 'path'])
    faults.push(...historyFaults(realm, [...at, 'event_history'], written))
    const isFirstRole = unique(faults, 'role of this name in the realm')
    for (const [o, role] of roles.entries()) {
      isFirstRole(role.name, [...at, 'roles', o, 'name'])
      const where = role.authorizer?.realm ?? name
      if (!names.has(where)) {
        const path = [...at, 'roles', o, 'authorizer', 'realm']
        faults.push({ path, text: `there is no realm "${asWritten(written, path, where)}"` })
      }
      const place = { options, written, path: [...at, 'roles', o, 'permissions'] }
      faults.push(...permissionFaults(role.permissions, place))
    }
  }
  return faults
}

function historyFaults({ options, event_history }: RealmConfig, path: Path, written: unknown) {
  const faults: Fault[] = []
  const isFirst = unique(faults, 'history of this topic with this match')
  for (const [h, { uri, match }] of event_history.entries()) {
    const at = [...path, h, 'uri']
    const text = wrongPattern(uri, match, options.uri_check, asWritten(written, at, uri))
    if (text !== undefined) faults.push({ path: at, text })
    isFirst(`${match} ${uri}`, at)
  }
  return faults
}

/** What is wrong with a pattern, which was written so. */
export function wrongPattern(
  uri: string,
  match: Match,
  check: UriCheck,
  written: string,
): string | undefined {
  if (isPattern(uri, match, check)) return undefined
  return `"${written}" is not a ${check} ${match === 'exact' ? 'URI' : `${match} pattern`}`
}

interface Place {
  readonly options: RealmConfig['options']
  readonly written: unknown
  readonly path: Path
}

function permissionFaults(permissions: readonly Permission[], place: Place): Fault[] {
  const { uri_check } = place.options
  const faults: Fault[] = []
  const isFirst = unique(faults, 'rule for this URI with this match in the role')
  const winner = winners(permissions)
  for (const [p, rule] of permissions.entries()) {
    const { uri, match, allow } = rule
    const path = [...place.path, p, 'uri']
    const wrong = wrongPattern(uri, match, uri_check, asWritten(place.written, path, uri))
    if (wrong !== undefined) faults.push({ path, text: wrong })
    isFirst(`${match} ${uri}`, path)
    const before = winner(rule)
    if (before !== undefined) {
      const text = 'is never reached: all that it meets is met by the rule that goes before it,'
      faults.push({ path, text, other: [...place.path, before] })
    }
    if (isReserved(uri) && (allow.register || allow.publish)) {
      const text = 'nobody can register or publish what is the router’s own: allow call, subscribe'
      faults.push({ path: [...place.path, p, 'allow'], text })
    }
  }
  return faults
}

/**
 * Finds the rule that goes before a wildcard rule for each URI that this meets: a prefix of what
 * stands before its first gap or, where it has no gap, the exact rule. (Other rules always meet
 * something that no better one meets.)
 */
function winners(permissions: readonly Permission[]): (rule: Permission) => number | undefined {
  const byPattern = new Map(permissions.map(({ match, uri }, p) => [`${match} ${uri}`, p]))
  return ({ uri, match }) => {
    if (match !== 'wildcard') return undefined
    const components = uri.split('.')
    const gap = components.indexOf('')
    const exact = gap < 0 ? byPattern.get(`exact ${uri}`) : undefined
    if (exact !== undefined) return exact
    const head =
      gap < 0
        ? uri
        : components
            .slice(0, gap)
            .map(one => `${one}.`)
            .join('')
    for (let length = 0; length <= head.length; length++) {
      const prefix = head.slice(0, length)
      const found = byPattern.get(`prefix ${prefix}`)
      // Wide rules do not meet what is the router's own, nor its rules anything else.
      if (found !== undefined && isReserved(prefix) === isReserved(uri)) return found
    }
    return undefined
  }
}
