import { faultsOf, principalsOf } from '../auth/methods.ts'
import { certificateFault } from '../base/certificate.ts'
import { isPattern, isReserved, isUri } from '../match/uri.ts'
import { nearest } from './nearest.ts'
import { type Fault, type Path, pathText, printable } from './problem.ts'
import type { Config, Permission, RealmConfig } from './schema.ts'

/** What the schema cannot say: what the parts of a configuration have to do with each other. */
export function ruleFaults(config: Config): Fault[] {
  return [...realmFaults(config), ...authFaults(config), ...transportFaults(config)]
}

function realmFaults(config: Config): Fault[] {
  const faults: Fault[] = []
  const realms = unique(faults)
  for (const [r, realm] of config.realms.entries()) {
    const { name, options, roles } = realm
    const at = ['realms', r]
    if (!isUri(name, 'loose')) {
      faults.push({ path: [...at, 'name'], text: `"${printable(name)}" is not a URI` })
    }
    realms(name, [...at, 'name'], 'realm of this name')
    const names = unique(faults)
    for (const [o, role] of roles.entries()) {
      const path = [...at, 'roles', o]
      names(role.name, [...path, 'name'], 'role of this name in the realm')
      const where = role.authorizer?.realm ?? name
      if (!config.realms.some(other => other.name === where)) {
        const text = `there is no realm "${printable(where)}"`
        faults.push({ path: [...path, 'authorizer', 'realm'], text })
      }
      faults.push(...permissionFaults(role.permissions, options, [...path, 'permissions']))
    }
  }
  return faults
}

function permissionFaults(
  permissions: readonly Permission[],
  { uri_check }: RealmConfig['options'],
  path: Path,
): Fault[] {
  const faults: Fault[] = []
  const rules = unique(faults)
  for (const [p, rule] of permissions.entries()) {
    const { uri, match, allow } = rule
    const at = [...path, p, 'uri']
    if (!isPattern(uri, match, uri_check)) {
      const kind = match === 'exact' ? 'URI' : `${match} pattern`
      faults.push({ path: at, text: `"${printable(uri)}" is not a ${uri_check} ${kind}` })
    }
    rules(`${match} ${uri}`, at, `${match} rule for this URI in the role`)
    const winner = permissions.findIndex(other => alwaysWins(other, rule))
    if (winner >= 0) {
      const text = `is never reached: the prefix of ${pathText([...path, winner])} meets all that it meets`
      faults.push({ path: at, text })
    }
    if (isReserved(uri) && (allow.register || allow.publish)) {
      const text = 'nobody can register or publish what is the router’s own: allow call, subscribe'
      faults.push({ path: [...path, p, 'allow'], text })
    }
  }
  return faults
}

/** True of a prefix rule that meets each URI that the wildcard rule meets: it goes before. */
function alwaysWins(prefix: Permission, { uri, match }: Permission): boolean {
  if (match !== 'wildcard' || prefix.match !== 'prefix') return false
  if (isReserved(uri) !== isReserved(prefix.uri)) return false
  const components = uri.split('.')
  const gap = components.indexOf('')
  const head = gap < 0 ? uri : components.slice(0, gap).join('.') + (gap === 0 ? '' : '.')
  return head.startsWith(prefix.uri)
}

function authFaults({ realms, authenticators, transports }: Config): Fault[] {
  const faults: Fault[] = []
  const roles = new Set(realms.flatMap(realm => realm.roles.map(role => role.name)))
  const names = realms.map(realm => realm.name)
  for (const [name, authenticator] of Object.entries(authenticators)) {
    const at = ['authenticators', name]
    if (Object.keys(authenticator).length === 0) faults.push({ path: at, text: 'has no method' })
    for (const { role, path } of principalsOf(authenticator)) {
      if (roles.has(role)) continue
      faults.push({ path: [...at, ...path], text: `no realm has the role "${printable(role)}"` })
    }
    for (const { path, text } of faultsOf(authenticator, names)) {
      faults.push({ path: [...at, ...path], text })
    }
    // Embedded routers may have no transports here, but ports of their own.
    const isNamed = transports.some(({ auth }) => auth.includes(name))
    if (transports.length > 0 && !isNamed) {
      faults.push({ path: at, atKey: true, text: 'no transport names this authenticator in auth' })
    }
  }
  return faults
}

function transportFaults({ realms, authenticators, transports }: Config): Fault[] {
  const faults: Fault[] = []
  const ids = unique(faults)
  for (const [t, { id, tls, auth, realms: joinable, endpoint, options }] of transports.entries()) {
    const at = ['transports', t]
    ids(id, [...at, 'id'], 'transport of this id')
    faults.push(...unknown(auth, Object.keys(authenticators), [...at, 'auth'], 'authenticator'))
    const names = realms.map(({ name }) => name)
    faults.push(...unknown(joinable ?? [], names, [...at, 'realms'], 'realm'))
    const other = transports.slice(0, t).findIndex(one => collide(one.endpoint, endpoint))
    if (other >= 0) {
      const text = `port ${endpoint.port} is that of transports[${other}] too`
      faults.push({ path: [...at, 'endpoint', 'port'], text })
    }
    if (tls?.ca !== undefined && options.backend === 'uws') {
      const text = 'uWebSockets.js does not hand on the certificates of clients: use ws with tls.ca'
      faults.push({ path: [...at, 'options', 'backend'], text })
    }
    const asking = tls?.ca === undefined ? auth.findIndex(one => authenticators[one]?.tls) : -1
    if (asking >= 0) {
      const text = 'its method tls needs tls.ca of this transport'
      faults.push({ path: [...at, 'auth', asking], text })
    }
    const wrong = tls === undefined ? undefined : certificateFault(tls)
    if (wrong !== undefined) faults.push({ path: [...at, 'tls'], text: wrong })
  }
  return faults
}

interface Place {
  readonly interface: string
  readonly port: number
}

function collide(a: Place, b: Place): boolean {
  if (a.port !== b.port || a.port === 0) return false
  return (
    a.interface === b.interface || [a, b].some(one => ['0.0.0.0', '::'].includes(one.interface))
  )
}

/** A fault for each name that is not among the known, and for each that comes twice. */
function unknown(names: string[], known: string[], path: Path, what: string): Fault[] {
  return names.flatMap((name, i) => {
    if (names.indexOf(name) < i) return [{ path: [...path, i], text: `is named twice` }]
    if (known.includes(name)) return []
    const meant = nearest(name, known)
    const hint = meant === undefined ? '' : `; did you mean "${meant}"?`
    return [{ path: [...path, i], text: `there is no ${what} "${printable(name)}"${hint}` }]
  })
}

/** A function that notes a fault for each key that it gets a second time. */
function unique(faults: Fault[]): (key: string, path: Path, what: string) => void {
  const first = new Map<string, Path>()
  return (key, path, what) => {
    const before = first.get(key)
    if (before === undefined) first.set(key, path)
    else faults.push({ path, text: `second ${what}; the first is ${pathText(before)}` })
  }
}
