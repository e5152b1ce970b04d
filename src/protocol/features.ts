import type { Dict } from './payload.ts'

/** What WELCOME announces: exactly what works (WAMP, "Feature Announcement"). */
export const ROUTER_ROLES: Dict = {
  broker: {
    features: {
      event_history: true,
      event_retention: true,
      pattern_based_subscription: true,
      payload_passthru_mode: true,
      publication_trustlevels: true,
      publisher_exclusion: true,
      publisher_identification: true,
      session_meta_api: true,
      subscriber_blackwhite_listing: true,
      subscription_meta_api: true,
      subscription_revocation: true,
    },
  },
  dealer: {
    features: {
      call_canceling: true,
      call_reroute: true,
      call_timeout: true,
      call_trustlevels: true,
      caller_identification: true,
      pattern_based_registration: true,
      payload_passthru_mode: true,
      progressive_call_invocations: true,
      progressive_call_results: true,
      registration_meta_api: true,
      registration_revocation: true,
      session_meta_api: true,
      shared_registration: true,
      testament_meta_api: true,
    },
  },
}

/** Features of clients that decide what the router may send them, as bits. */
export const CALLEE_CANCELS = 1 << 0
export const CALLEE_PROGRESSES = 1 << 1
export const CALLEE_TAKES_PARTS = 1 << 2
export const CALLEE_TIMES_OUT = 1 << 3
export const CALLEE_HEARS_REVOCATION = 1 << 4
export const CALLEE_REROUTES = 1 << 5
export const CALLEE_PASSES_THRU = 1 << 6
export const CALLER_SENDS_PARTS = 1 << 7
export const CALLER_PASSES_THRU = 1 << 8
/** It forgets a call that it cancels, and ends its session when it gets the answer. */
export const CALLER_FORGETS = 1 << 9
export const PUBLISHER_PASSES_THRU = 1 << 10
export const SUBSCRIBER_HEARS_REVOCATION = 1 << 11

/** Which announcement sets which bit: role, feature, bit. */
const WATCHED: readonly (readonly [string, string, number])[] = [
  ['callee', 'call_canceling', CALLEE_CANCELS],
  // One passage of the specification spells it so.
  ['callee', 'call_cancelling', CALLEE_CANCELS],
  ['publisher', 'payload_passthru_mode', PUBLISHER_PASSES_THRU],
  ['subscriber', 'subscription_revocation', SUBSCRIBER_HEARS_REVOCATION],
  ['callee', 'progressive_call_results', CALLEE_PROGRESSES],
  ['callee', 'progressive_call_invocations', CALLEE_TAKES_PARTS],
  ['callee', 'call_timeout', CALLEE_TIMES_OUT],
  ['callee', 'registration_revocation', CALLEE_HEARS_REVOCATION],
  ['callee', 'call_reroute', CALLEE_REROUTES],
  ['callee', 'payload_passthru_mode', CALLEE_PASSES_THRU],
  ['caller', 'progressive_call_invocations', CALLER_SENDS_PARTS],
  ['caller', 'payload_passthru_mode', CALLER_PASSES_THRU],
]

/**
 * Clients that do something else than they announce. Those that send no name in HELLO are known by
 * the features of two roles: exactly these, no more and no less, sorted. docs/rpc.md says what they
 * do, and what the router does about it.
 */
const KNOWN: readonly { readonly roles: Record<string, string>; readonly bit: number }[] = [
  {
    // Autobahn|JS, seen in 22.11.1 and 26.3.1.
    roles: {
      caller: 'call_canceling caller_identification progressive_call_results',
      callee:
        'caller_identification pattern_based_registration progressive_call_results' +
        ' registration_revocation shared_registration',
    },
    bit: CALLER_FORGETS,
  },
  {
    // wampy, seen in 8.0.2: it sends progressive calls and does not say that it can.
    roles: {
      caller:
        'call_canceling call_timeout caller_identification payload_passthru_mode' +
        ' progressive_call_results',
      callee:
        'call_trustlevels caller_identification pattern_based_registration payload_passthru_mode' +
        ' shared_registration',
    },
    bit: CALLER_SENDS_PARTS,
  },
]

/**
 * What a HELLO's roles announce. Only `true` counts. Some clients put features directly under the
 * role, and some announce none: neither is an error.
 */
export function announcedFeatures(roles: Dict): number {
  let found = 0
  for (const [role, feature, bit] of WATCHED) {
    const announced = dictAt(roles, role)
    if (dictAt(announced, 'features')[feature] === true || announced[feature] === true) found |= bit
  }
  for (const { roles: known, bit } of KNOWN) {
    const same = ([role, features]: [string, string]) => featuresOf(roles, role) === features
    if (Object.entries(known).every(same)) found |= bit
  }
  // Autobahn|Python, seen in 26.10.2, ends its session when it is told of a revocation, which it
  // announces to understand. No other client announces this.
  if (dictAt(dictAt(roles, 'subscriber'), 'features').payload_encryption_cryptobox === true) {
    found &= ~SUBSCRIBER_HEARS_REVOCATION
  }
  return found
}

/** The features that a role announces where the specification puts them, sorted. */
function featuresOf(roles: Dict, role: string): string {
  const announced = Object.entries(dictAt(dictAt(roles, role), 'features'))
  const names = announced.filter(([, value]) => value === true).map(([name]) => name)
  return names.sort().join(' ')
}

function dictAt(dict: Dict, key: string): Dict {
  const value = dict[key]
  return typeof value === 'object' && value !== null ? (value as Dict) : {}
}
