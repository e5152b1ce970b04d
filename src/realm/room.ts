import type { Subscriptions } from '../broker/subscriptions.ts'
import type { Registrations } from '../dealer/registrations.ts'
import type { Match } from '../match/uri.ts'
import type { Register, Subscribe } from '../protocol/messages.ts'
import type { Headcount } from './headcount.ts'
import { type Limits, UNLIMITED } from './limits.ts'
import type { Member } from './realm.ts'

/** Why a realm has no room for one session more; undefined: it has. */
export function whyNoSession(
  realm: Limits,
  headcount: Headcount,
  { limits, authid, authrole }: Member,
): string | undefined {
  if (headcount.size >= realm.sessions) return 'the realm has as many sessions as it may'
  if (headcount.ofRole(authrole) >= limits.sessions) {
    return `role ${authrole} has as many sessions as it may`
  }
  const { sessions_per_authid: max } = limits
  if (headcount.ofAuthid(authid) < max) return undefined
  return `of one authid there may be ${max} sessions`
}

/** Why there is no room for a subscription; undefined: there is. */
export function whyNoSubscription(
  realm: Limits,
  subscriptions: Subscriptions,
  member: Member,
  { topic }: Subscribe,
  match: Match,
): string | undefined {
  const { limits } = member
  const present = subscriptions.index.get(match, topic)
  if (limits === UNLIMITED || present?.members.has(member)) return undefined
  const { subscriptions_per_session: max } = limits
  if (subscriptions.countOf(member) >= max) return `a session may have ${max} subscriptions`
  const isFull = present === undefined && subscriptions.size >= realm.subscriptions
  return isFull ? 'the realm has as many subscriptions as it may' : undefined
}

/** Why there is no room for a registration; undefined: there is. */
export function whyNoRegistration(
  realm: Limits,
  registrations: Registrations,
  member: Member,
  { procedure }: Register,
  match: Match,
): string | undefined {
  const { limits } = member
  const present = registrations.index.get(match, procedure)
  // A session that registers again may replace itself.
  const isOwn = present !== undefined && registrations.find(present.id, member) !== undefined
  if (limits === UNLIMITED || isOwn) return undefined
  const { registrations_per_session: max } = limits
  if (registrations.countOf(member) >= max) return `a session may have ${max} registrations`
  const isFull = present === undefined && registrations.byId.size >= realm.registrations
  return isFull ? 'the realm has as many registrations as it may' : undefined
}
