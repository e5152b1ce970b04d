import type { Draft, Realm } from './draft.ts'

/** A role in one realm. */
export interface RoleIn {
  readonly realm: string
  readonly role: string
}

/** True of a role that is there. */
export function isThere(draft: Draft, { realm, role }: RoleIn): boolean {
  return draft.realm(realm)?.roles.some(({ name }) => name === role) ?? false
}

/**
 * The name of a role that is these roles in these realms, and nothing in all others: what the other
 * routers say of a user for each realm, wampd says by the realms that have the user's role. Where no
 * role is so already, one is added to each of these realms; undefined where one of them is not there.
 */
export function scopedRole(draft: Draft, wanted: readonly RoleIn[]): string | undefined {
  const places = wanted.map(({ realm, role }) => ({
    realm: draft.realm(realm),
    source: draft.realm(realm)?.roles.find(({ name }) => name === role),
  }))
  if (places.some(({ source }) => source === undefined)) return undefined
  const [first] = wanted
  const names = new Set(wanted.map(({ role }) => role))
  if (names.size === 1 && realmsWith(draft, first?.role).length === wanted.length)
    return first?.role
  const name = wanted.map(({ realm, role }) => `${role}@${realm}`).join('+')
  for (const { realm, source } of places) {
    if (realm === undefined || source === undefined) continue
    if (realm.roles.some(role => role.name === name)) continue
    const role = { ...structuredClone(source), name }
    realm.roles.push(role)
    const origin = draft.originOf(source)
    if (origin !== undefined) draft.from(origin, role)
    draft.comment(role, `The same as ${JSON.stringify(source.name)}, for users of this realm only.`)
  }
  return name
}

function realmsWith(draft: Draft, role: string | undefined): Realm[] {
  return draft.realms.filter(({ roles }) => roles.some(({ name }) => name === role))
}
