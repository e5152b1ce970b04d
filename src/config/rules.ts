import { faultsOf, principalsOf } from '../auth/methods.ts'
import { isOfThisMachine } from '../base/network.ts'
import { asWritten } from './node.ts'
import type { Fault } from './problem.ts'
import { realmFaults, wrongPattern } from './realm-rules.ts'
import type { Config } from './schema.ts'
import { transportFaults } from './transport-rules.ts'
import { waysIn } from './ways-in.ts'

/**
 * What the schema cannot say: what the parts of a configuration have to do with each other.
 * `written` is the configuration as people wrote it: only that is shown.
 */
export function ruleFaults(config: Config, written: unknown): Fault[] {
  return [
    ...realmFaults(config, written),
    ...authFaults(config, written),
    ...transportFaults(config, written),
    ...adminFaults(config),
    ...traceFaults(config, written),
  ]
}

/** Whoever has the token may do everything: one that is made at random could not be known elsewhere. */
function adminFaults({ admin }: Config): Fault[] {
  if (admin?.token !== undefined || isOfThisMachine(admin?.endpoint.interface ?? 'localhost'))
    return []
  return [
    {
      path: ['admin', 'endpoint', 'interface'],
      text: 'can be reached from elsewhere: give admin.token',
    },
  ]
}

/** What is misspelled here would be shown. */
function traceFaults({ trace, realms }: Config, written: unknown): Fault[] {
  const faults: Fault[] = []
  for (const [r, { uri, match, realm }] of trace.redact.entries()) {
    const path = ['trace', 'redact', r, 'uri']
    const text = wrongPattern(uri, match, 'loose', asWritten(written, path, uri))
    if (text !== undefined) faults.push({ path, text })
    if (realm === undefined || realms.some(({ name }) => name === realm)) continue
    const at = ['trace', 'redact', r, 'realm']
    faults.push({ path: at, text: `there is no realm "${asWritten(written, at, realm)}"` })
  }
  return faults
}

function authFaults({ realms, authenticators, transports }: Config, written: unknown): Fault[] {
  const faults: Fault[] = []
  const roles = new Set(realms.flatMap(realm => realm.roles.map(role => role.name)))
  const names = realms.map(realm => realm.name)
  const named = new Set(transports.flatMap(waysIn).flatMap(({ auth }) => auth))
  for (const [name, authenticator] of Object.entries(authenticators)) {
    const at = ['authenticators', name]
    if (Object.keys(authenticator).length === 0) faults.push({ path: at, text: 'has no method' })
    for (const { role, path: below } of principalsOf(authenticator)) {
      if (role === undefined || roles.has(role)) continue
      const path = [...at, ...below]
      faults.push({ path, text: `no realm has the role "${asWritten(written, path, role)}"` })
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
