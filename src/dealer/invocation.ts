import { FEATURE_NOT_SUPPORTED } from '../protocol/errors.ts'
import {
  CALLEE_CANCELS,
  CALLEE_PASSES_THRU,
  CALLEE_PROGRESSES,
  CALLEE_TAKES_PARTS,
  CALLEE_TIMES_OUT,
} from '../protocol/features.ts'
import { NO_DETAILS } from '../protocol/messages.ts'
import type { Dict } from '../protocol/payload.ts'
import type { Call } from './call.ts'
import type { CallTerms, Refusal } from './call-terms.ts'
import type { Endpoint } from './registrations.ts'

const PARTS = CALLEE_TAKES_PARTS | CALLEE_CANCELS

/** Why a callee cannot take a call that uses more than it announced; undefined where it can. */
export function objection({ callee }: Endpoint, terms: CallTerms): Refusal | undefined {
  const { features } = callee.peer
  if (terms.parts && (features & PARTS) !== PARTS) {
    return { refused: FEATURE_NOT_SUPPORTED, text: 'the callee takes no progressive calls' }
  }
  if (terms.passthru !== null && (features & CALLEE_PASSES_THRU) === 0) {
    return { refused: FEATURE_NOT_SUPPORTED, text: 'the callee knows no payload passthru mode' }
  }
  return undefined
}

/** True where the callee, and not the router, ends the call when its time is over. */
export function timesOutItself({ forwardsTimeout, callee }: Endpoint): boolean {
  return forwardsTimeout && (callee.peer.features & CALLEE_TIMES_OUT) !== 0
}

/**
 * INVOCATION.Details of a call that goes to an endpoint. Nothing of CALL.Options is there but what
 * the specification translates.
 */
export function detailsFor(endpoint: Endpoint, { caller, procedure, terms }: Call): Dict {
  const { registration, callee, disclosesCaller } = endpoint
  const isPattern = registration.match !== 'exact'
  if (terms.isPlain && !disclosesCaller) return isPattern ? { procedure } : NO_DETAILS
  const details: Dict = { ...terms.passthru, ...terms.trace }
  if (isPattern) details.procedure = procedure
  if (terms.disclosure === 'yes' || (disclosesCaller && terms.disclosure === 'if asked')) {
    details.caller = caller.peer.id
    details.caller_authid = caller.peer.authid
    details.caller_authrole = caller.peer.authrole
  }
  if (terms.trustlevel !== undefined) details.trustlevel = terms.trustlevel
  // Autobahn|JS announces no call_canceling, though the specification would have it too.
  if (terms.receiveProgress && (callee.peer.features & CALLEE_PROGRESSES) !== 0) {
    details.receive_progress = true
  }
  if (terms.timeout > 0 && timesOutItself(endpoint)) details.timeout = terms.timeout
  return Object.keys(details).length === 0 ? NO_DETAILS : details
}
