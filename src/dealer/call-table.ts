import { CANCELED, INVALID_ARGUMENT, TIMEOUT } from '../protocol/errors.ts'

/**
 * Where a call stands until it is over. There is no record of it afterwards.
 *
 * waiting: no callee has it; one is sought, or it waits for one to be free or to register
 * running: a callee has it, which makes it so from `waiting`
 * killed: a callee has it and was told to stop, and the caller waits for what it answers
 */
export type CallState = 'waiting' | 'running' | 'killed'

/** What may happen to a call. */
export type CallEvent =
  | 'YIELD'
  | 'YIELD, progress'
  | 'ERROR'
  | 'ERROR unavailable, rerouted'
  | 'CANCEL skip'
  | 'CANCEL killnowait'
  | 'CANCEL kill'
  | 'CANCEL kill, callee cannot be interrupted'
  | 'CANCEL, no such mode'
  | 'timeout'
  | 'no callee takes it'
  | 'callee leaves'
  | 'caller leaves'
  | 'payload cannot be delivered'
  | 'CALL, further part, not allowed'

/** What follows. INTERRUPT goes only to callees that announced `call_canceling`. */
export interface CallStep {
  readonly next: CallState | 'over'
  /** What the caller hears: the message at hand, an ERROR with this URI, or nothing. */
  readonly caller: string | null
  /** The mode of the INTERRUPT that the callee hears. */
  readonly interrupt: 'kill' | 'killnowait' | null
}

/** The caller hears the message at hand. */
export const MESSAGE = 'the message'

function over(caller: string | null, interrupt: CallStep['interrupt'] = null): CallStep {
  return { next: 'over', caller, interrupt }
}

/**
 * All that can happen to a call, and what follows (WAMP, Advanced Profile, "Remote Procedure
 * Calls"). What has no row here changes nothing, and nobody hears of it. A call ends once: every
 * row that tells the caller an outcome is one to `over`, and from there no row leads on.
 */
export const CALL_TABLE: Readonly<Record<CallState, Partial<Record<CallEvent, CallStep>>>> = {
  waiting: {
    'CANCEL skip': over(CANCELED),
    'CANCEL killnowait': over(CANCELED),
    'CANCEL kill, callee cannot be interrupted': over(CANCELED),
    'CANCEL, no such mode': over(INVALID_ARGUMENT),
    timeout: over(TIMEOUT),
    'no callee takes it': over(MESSAGE),
    'caller leaves': over(null),
  },
  running: {
    YIELD: over(MESSAGE),
    'YIELD, progress': { next: 'running', caller: MESSAGE, interrupt: null },
    ERROR: over(MESSAGE),
    'ERROR unavailable, rerouted': { next: 'waiting', caller: null, interrupt: null },
    'CANCEL skip': over(CANCELED),
    'CANCEL killnowait': over(CANCELED, 'killnowait'),
    'CANCEL kill': { next: 'killed', caller: null, interrupt: 'kill' },
    'CANCEL kill, callee cannot be interrupted': over(CANCELED),
    'CANCEL, no such mode': over(INVALID_ARGUMENT),
    timeout: over(TIMEOUT, 'killnowait'),
    'callee leaves': over(CANCELED),
    'caller leaves': over(null, 'killnowait'),
    'payload cannot be delivered': over(MESSAGE, 'killnowait'),
    'CALL, further part, not allowed': over(null, 'killnowait'),
  },
  killed: {
    YIELD: over(MESSAGE),
    'YIELD, progress': { next: 'killed', caller: MESSAGE, interrupt: null },
    ERROR: over(MESSAGE),
    'ERROR unavailable, rerouted': over(CANCELED),
    'CANCEL skip': over(CANCELED),
    'CANCEL killnowait': over(CANCELED),
    'CANCEL, no such mode': over(INVALID_ARGUMENT),
    timeout: over(TIMEOUT),
    'callee leaves': over(CANCELED),
    'caller leaves': over(null),
    'payload cannot be delivered': over(MESSAGE),
    'CALL, further part, not allowed': over(null),
  },
}
