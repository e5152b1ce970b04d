import { readFileSync } from 'node:fs'
import { faultsOf, principalsOf } from '../auth/methods.ts'
import { certificateFault, type TlsFiles } from '../base/certificate.ts'
import { whyUnread } from '../base/why-unread.ts'
import { nearest } from './nearest.ts'
import { asWritten } from './node.ts'
import { type Fault, type Path, printable, unique } from './problem.ts'
import { realmFaults } from './realm-rules.ts'
import type { Config } from './schema.ts'

/**
 * What the schema cannot say: what the parts of a configuration have to do with each other.
 * `written` is the configuration as people wrote it: only that is shown.
 */
export function ruleFaults(config: Config, written: unknown): Fault[] {
  return [
    ...realmFaults(config, written),
    ...authFaults(config, written),
    ...transportFaults(config, written),
  ]
}

function authFaults({ realms, authenticators, transports }: Config, written: unknown): Fault[] {
  const faults: Fault[] = []
  const roles = new Set(realms.flatMap(realm => realm.roles.map(role => role.name)))
  const names = realms.map(realm => realm.name)
  const named = new Set(transports.flatMap(({ auth }) => auth))
  for (const [name, authenticator] of Object.entries(authenticators)) {
    const at = ['authenticators', name]
    if (Object.keys(authenticator).length === 0) faults.push({ path: at, text: 'has no method' })
    for (const { role, path: below } of principalsOf(authenticator)) {
      if (role === undefined || roles.has(role)) continue
      const path = [...at, ...below]
      faults.push({ path, text: `no realm has the role "${asWritten(written, path, role)}"` })
    }
    for (const { path, text } of faultsOf(authenticator, names)) {
      faults.push({ path: [...at, ...path], text })
    }
    for (const { path: below, text, value } of faultsOf(authenticator, names)) {
      const path = [...at, ...below]
      const shown = value === undefined ? '' : ` "${asWritten(written, path, value)}"`
      faults.push({ path, text: `${text}${shown}` })
    }
    // Embedded routers may have no transports here, but ports of their own.
    if (transports.length > 0 && !named.has(name)) {
      const text = 'no transport names this authenticator in auth'
      faults.push({ path: at, atKey: true, text, isIdle: true })
    }
  }
  return faults
}

function transportFaults(
  { realms, authenticators, transports }: Config,
  written: unknown,
): Fault[] {
  const faults: Fault[] = []
  const isFirst = unique(faults, 'transport of this id')
  const sources = new Map(Object.keys(authenticators).map(name => [name, printable(name)]))
  const joinable = new Map(
    realms.map(({ name }, r) => [name, asWritten(written, ['realms', r, 'name'], name)]),
  )
  const known = (names: readonly string[], path: Path, all: ReadonlyMap<string, string>) =>
    unknownNames(names, path, all, written)
  for (const [t, { id, tls, auth, realms, endpoint, options }] of transports.entries()) {
    const at = ['transports', t]
    isFirst(id, [...at, 'id'])
    faults.push(...known(auth, [...at, 'auth'], sources))
    faults.push(...known(realms ?? [], [...at, 'realms'], joinable))
    const other = transports.slice(0, t).findIndex(one => collide(one.endpoint, endpoint))
    if (other >= 0) {
      const path = [...at, 'endpoint', 'port']
      faults.push({ path, text: 'the port is also that of', other: ['transports', other] })
    }
    if (tls?.ca !== undefined && options.backend === 'uws') {
      const text = 'uWebSockets.js does not hand on the certificates of clients: use ws with tls.ca'
      faults.push({ path: [...at, 'options', 'backend'], text })
    }
    for (const [a, name] of tls?.ca === undefined ? auth.entries() : []) {
      if (authenticators[name]?.tls === undefined) continue
      const text = 'its method tls needs tls.ca of this transport'
      faults.push({ path: [...at, 'auth', a], text })
    }
    if (tls !== undefined) faults.push(...tlsFaults(tls, [...at, 'tls']))
  }
  return faults
}

interface Place {
  readonly interface: string
  readonly port: number
}

/** True of places that cannot both be listened on. */
function collide(a: Place, b: Place): boolean {
  if (a.port !== b.port || a.port === 0) return false
  const [one, other] = [a, b].map(place => place.interface) as [string, string]
  return one === other || covers(one, other) || covers(other, one)
}

const ANY = '0.0.0.0'
/** Linux takes IPv4 in on it too. */
const ANY_V6 = '::'

function covers(wide: string, address: string): boolean {
  if (wide === ANY_V6) return true
  if (wide === ANY) return !address.includes(':')
  return wide === 'localhost' && (address === '127.0.0.1' || address === '::1')
}

/** A fault for each name that is not known, and for each that comes twice; `all` has how they are written. */
function unknownNames(
  names: readonly string[],
  path: Path,
  all: ReadonlyMap<string, string>,
  written: unknown,
): Fault[] {
  const what = path.at(-1) === 'auth' ? 'authenticator' : 'realm'
  return names.flatMap((name, i) => {
    const at = [...path, i]
    if (names.indexOf(name) < i) return [{ path: at, text: 'is named twice' }]
    if (all.has(name)) return []
    const meant = all.get(nearest(name, [...all.keys()]) ?? '')
    const hint = meant === undefined ? '' : `; did you mean "${meant}"?`
    return [{ path: at, text: `there is no ${what} "${asWritten(written, at, name)}"${hint}` }]
  })
}

function tlsFaults(tls: TlsFiles, path: Path): Fault[] {
  const faults: Fault[] = []
  for (const name of ['certificate', 'key', 'ca'] as const) {
    const file = tls[name]
    if (file === undefined) continue
    try {
      readFileSync(file)
    } catch (error) {
      faults.push({ path: [...path, name], text: whyUnread(error) })
    }
  }
  if (faults.length > 0) return faults
  const text = certificateFault(tls)
  return text === undefined ? [] : [{ path, text }]
}
