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
      pattern_based_registration: true,
      session_meta_api: true,
      testament_meta_api: true,
    },
  },
}

/** Features of clients that decide what the router may send them, as bits. */
export const CALLEE_CANCELS = 1
export const PUBLISHER_PASSES_THRU = 1 << 10
export const SUBSCRIBER_HEARS_REVOCATION = 1 << 11

/** Which announcement sets which bit: role, feature, bit. */
const WATCHED: readonly (readonly [string, string, number])[] = [
  ['callee', 'call_canceling', CALLEE_CANCELS],
  // One passage of the specification spells it so.
  ['callee', 'call_cancelling', CALLEE_CANCELS],
  ['publisher', 'payload_passthru_mode', PUBLISHER_PASSES_THRU],
  ['subscriber', 'subscription_revocation', SUBSCRIBER_HEARS_REVOCATION],
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
  // Autobahn|Python, seen in 26.10.2, ends its session when it is told of a revocation, which it
  // announces to understand. No other client announces this.
  if (dictAt(dictAt(roles, 'subscriber'), 'features').payload_encryption_cryptobox === true) {
    found &= ~SUBSCRIBER_HEARS_REVOCATION
  }
  return found
}

function dictAt(dict: Dict, key: string): Dict {
  const value = dict[key]
  return typeof value === 'object' && value !== null ? (value as Dict) : {}
}
