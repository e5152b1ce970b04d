import { MAX_ID } from '../base/ids.ts'
import type { WheelTimer } from '../base/wheel.ts'
import type { Peer } from '../delivery/outlet.ts'
import { NO_DETAILS } from '../protocol/messages.ts'
import type { Dict, Payload } from '../protocol/payload.ts'
import type { CallState } from './call-table.ts'
import type { CallTerms } from './call-terms.ts'
import type { Endpoint, Registration } from './registrations.ts'

/** A call, from CALL to its outcome. */
export class Call {
  readonly caller: CallEnds
  /** The caller's number for it. */
  readonly request: number
  readonly procedure: string
  /** What the options of its first CALL come to; those of later parts do not count. */
  readonly terms: CallTerms
  state: CallState | 'over' = 'waiting'
  /** Whose turn it is to answer; null while it waits. */
  endpoint: Endpoint | null = null
  /** The callee's number for it. */
  invocation = 0
  /** INVOCATION.Details of all its parts, but for `progress`. */
  details: Dict = NO_DETAILS
  /** More CALLs with this request are to come. */
  moreParts: boolean
  /** A payload of its own, as long as it may have to go to a callee yet, or to another one. */
  kept: Payload | null = null
  /** Its bytes. */
  keptBytes = 0
  /** The endpoints that had it and were unavailable. */
  tried: Set<Endpoint> | null = null
  /** In whose queue it waits. */
  queued: Registration | null = null
  timer: WheelTimer<Call> | null = null
  /** When it began, by `elapsed` of the clock. */
  readonly since: number

  constructor(
    caller: CallEnds,
    request: number,
    procedure: string,
    terms: CallTerms,
    since: number,
  ) {
    this.caller = caller
    this.request = request
    this.procedure = procedure
    this.terms = terms
    this.moreParts = terms.parts
    this.since = since
  }
}

/** The open calls of one session: those it made, and those it is to answer. */
export class CallEnds {
  readonly peer: Peer
  /** Its own calls, by request. */
  readonly made: Map<number, Call> = new Map()
  /** Calls of others to it, by invocation. */
  readonly taken: Map<number, Call> = new Map()
  /** The invocation that it was sent last (session scope: 1, 2, 3 …). */
  lastInvocation = 0
  /** Bytes of payloads that are kept for its own calls. */
  keptBytes = 0
  /** The highest request of a CALL so far. */
  highestCall = 0

  constructor(peer: Peer) {
    this.peer = peer
  }

  /** The number of the next invocation. */
  nextInvocation(): number {
    return this.lastInvocation === MAX_ID ? 1 : this.lastInvocation + 1
  }
}
