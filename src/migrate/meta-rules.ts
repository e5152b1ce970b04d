import { isReserved } from '../match/uri.ts'
import type { Draft, Role, Rule } from './draft.ts'
import type { Origin } from './report.ts'

/** True of a rule that would meet URIs of the meta API, were they not the router's own in wampd. */
function isWide({ uri, match, allow }: Rule): boolean {
  const isUsed = allow.call === true || allow.subscribe === true
  return isUsed && match === 'prefix' && !isReserved(uri) && 'wamp.'.startsWith(uri)
}

/**
 * Says of a role that it had the meta API by a wide rule: in wampd `wamp.` needs a rule of its own,
 * which is left to whoever knows whether the role shall see, and end, the sessions of others.
 */
export function noteMetaRights(draft: Draft, role: Role, origin: Origin): void {
  const wide = role.permissions.find(isWide)
  if (wide === undefined || role.permissions.some(({ uri }) => isReserved(uri))) return
  const allowed = ['call', 'subscribe'].filter(action => wide.allow[action] === true)
  const allow = allowed.map(action => `${action}: true`).join(', ')
  draft.comment(
    role,
    [
      'The old rules gave this role the meta API too (wamp.session.list, wamp.session.kill, …). If it',
      'needs it, this rule does the same; better are rules for the URIs that it needs:',
      `- { uri: wamp., match: prefix, allow: { ${allow} } }`,
    ].join('\n'),
  )
  const text = `the rule for "${wide.uri}" gave the meta API (wamp.) as well; here it needs a rule of its own`
  draft.report.changed(origin, text, 'realms[].roles[].permissions')
}

/** Nobody can register or publish what is the router's own; a rule that allows it is a fault. */
export function withoutReserved(draft: Draft, rule: Rule, origin: Origin): Rule {
  if (!isReserved(rule.uri)) return rule
  const { register, publish, ...allow } = rule.allow
  if (register === true || publish === true) {
    draft.report.changed(origin, 'wamp. is the router’s own: register and publish are left out')
  }
  return { ...rule, allow }
}
