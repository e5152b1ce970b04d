import type { Disclosure } from '../protocol/disclosure.ts'
import { DISCLOSE_ME_DISALLOWED, INVALID_ARGUMENT, ProtocolViolation } from '../protocol/errors.ts'
import { CALLER_PASSES_THRU, CALLER_SENDS_PARTS } from '../protocol/features.ts'
import { NO_DETAILS } from '../protocol/messages.ts'
import { passthruOf } from '../protocol/passthru.ts'
import type { Dict } from '../protocol/payload.ts'
import { type TraceContext, traceContextOf } from '../protocol/trace-context.ts'
import type { RpcLimits } from './options.ts'

/** What the options of a call, and the rules on it, come to. */
export interface CallTerms {
  /** It asks for nothing. */
  readonly isPlain: boolean
  /** The caller is told to the callee: in any case, if the callee asks for it, or never. */
  readonly disclosure: 'yes' | 'if asked' | 'no'
  readonly trustlevel: number | undefined
  readonly receiveProgress: boolean
  /** More CALLs of the same request follow this one. */
  readonly parts: boolean
  /** Milliseconds; 0 for none. */
  readonly timeout: number
  /** How long it may wait for a registration: milliseconds; 0 for not at all. */
  readonly wait: number
  /** The keys of payload passthru mode; null where it is off. */
  readonly passthru: Dict | null
  /** The trace that the caller is in. */
  readonly trace: TraceContext | null
}

/** The terms of a call without options under the usual rules. */
const PLAIN: CallTerms = {
  isPlain: true,
  disclosure: 'if asked',
  trustlevel: undefined,
  receiveProgress: false,
  parts: false,
  timeout: 0,
  wait: 0,
  passthru: null,
  trace: null,
}

/** Why a call cannot be. */
export interface Refusal {
  readonly refused: string
  readonly text: string
}

/**
 * The terms of a call, by its options, the disclosure and the trust level that its rule gives, the
 * limits and the features of its caller. Throws ProtocolViolation where it uses what the caller
 * did not announce.
 */
export function termsOf(
  options: Dict,
  disclosure: Disclosure,
  trustlevel: number | undefined,
  limits: RpcLimits,
  features: number,
): CallTerms | Refusal {
  if (options === NO_DETAILS && disclosure === 'requested' && trustlevel === undefined) {
    if (limits.call_timeout === 0 && limits.max_call_timeout === 0) return PLAIN
  }
  const parts = options.progress === true
  if (parts && (features & CALLER_SENDS_PARTS) === 0) {
    throw new ProtocolViolation('CALL: progress, but progressive_call_invocations not announced')
  }
  const passthru = passthruOf(options)
  if (passthru !== null && (features & CALLER_PASSES_THRU) === 0) {
    throw new ProtocolViolation('CALL: ppt_scheme, but payload_passthru_mode not announced')
  }
  const wished = options.disclose_me === true
  if (wished && disclosure === 'refused') {
    return { refused: DISCLOSE_ME_DISALLOWED, text: 'callers are not disclosed here' }
  }
  const timeout = millisecondsOf(options.timeout)
  const wait = millisecondsOf(options._wait)
  if (timeout === null) return notMilliseconds('timeout')
  if (wait === null) return notMilliseconds('_wait')
  return {
    isPlain: false,
    disclosure: disclosed(disclosure, wished),
    trustlevel,
    receiveProgress: options.receive_progress === true,
    parts,
    timeout: limited(timeout ?? limits.call_timeout, limits.max_call_timeout),
    wait: Math.min(wait ?? 0, limits.max_wait),
    passthru,
    trace: traceContextOf(options),
  }
}

function disclosed(disclosure: Disclosure, wished: boolean): CallTerms['disclosure'] {
  if (disclosure === 'always') return 'yes'
  if (disclosure !== 'requested') return 'no'
  return wished ? 'yes' : 'if asked'
}

/** A maximum holds for those too who ask for no end; where there is none, 0 stays 0. */
function limited(timeout: number, maximum: number): number {
  if (maximum === 0) return timeout
  return timeout === 0 ? maximum : Math.min(timeout, maximum)
}

/** A time among options; undefined where there is none, null where it is no such thing. */
function millisecondsOf(value: unknown): number | undefined | null {
  if (value === undefined || value === null) return undefined
  const number = typeof value === 'bigint' ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null
}

function notMilliseconds(name: string): Refusal {
  return { refused: INVALID_ARGUMENT, text: `${name} is no whole number of milliseconds` }
}
