import type { Disclosure } from '../protocol/disclosure.ts'
import { DISCLOSE_ME_DISALLOWED, INVALID_ARGUMENT } from '../protocol/errors.ts'
import { INVOKES, type Invoke } from '../protocol/invoke.ts'
import type { Dict } from '../protocol/payload.ts'
import type { Refusal } from './call-terms.ts'

/** What the options of a REGISTER, and the rule on it, come to. */
export interface RegisterTerms {
  readonly invoke: Invoke
  readonly disclosesCaller: boolean
  readonly forwardsTimeout: boolean
  /** How many calls the callee takes at once. */
  readonly concurrency: number
  /** Others are to give the procedure up. */
  readonly force: boolean
}

/** The terms of a registration, by its options and the disclosure that its rule gives. */
export function registerTermsOf(options: Dict, disclosure: Disclosure): RegisterTerms | Refusal {
  const wanted = options.invoke ?? 'single'
  const invoke = INVOKES.find(name => name === wanted)
  if (invoke === undefined) {
    return { refused: INVALID_ARGUMENT, text: `invoke is none of ${INVOKES.join(', ')}` }
  }
  const concurrency = options.concurrency ?? Infinity
  if (typeof concurrency !== 'number' || !(concurrency >= 1)) {
    return { refused: INVALID_ARGUMENT, text: 'concurrency is no number of calls from 1 on' }
  }
  const asked = options.disclose_caller === true
  if (asked && disclosure === 'refused') {
    return { refused: DISCLOSE_ME_DISALLOWED, text: 'callers are not disclosed here' }
  }
  return {
    invoke,
    disclosesCaller: asked && disclosure !== 'ignored',
    forwardsTimeout: options.forward_timeout === true,
    concurrency,
    force: options.force_reregister === true,
  }
}
