import type { Draft, Realm } from './draft.ts'
import { shown } from './given.ts'
import type { Origin } from './report.ts'

/** A role that may do all, which Crossbar and nxt have in every realm without a word of the operator. */
export const TRUSTED = 'trusted'

/** Writes that role out, as users have it: wampd has no role of its own. */
export function addTrusted(draft: Draft, realm: Realm | undefined, user: Origin): void {
  if (realm === undefined || realm.roles.some(role => role.name === TRUSTED)) return
  const all = { call: true, register: true, publish: true, subscribe: true }
  const permissions = [
    { uri: '', match: 'prefix', allow: all },
    { uri: 'wamp.', match: 'prefix', allow: { call: true, subscribe: true } },
  ]
  realm.roles.push(draft.from(user, { name: TRUSTED, permissions }))
  const text = `the role that may do all is written out in the realm ${shown(realm.name)}`
  draft.report.changed(user, text, 'realms[].roles[]')
}
