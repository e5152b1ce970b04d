import { MAX_ID } from '../base/ids.ts'
import type { Peer } from '../delivery/outlet.ts'

/** A call that is not answered yet. */
export interface Call {
  readonly caller: CallEnds
  /** The caller's number for it. */
  readonly request: number
  readonly callee: CallEnds
  /** The callee's number for it. */
  readonly invocation: number
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

  constructor(peer: Peer) {
    this.peer = peer
  }

  /** The number of the next invocation. */
  nextInvocation(): number {
    return this.lastInvocation === MAX_ID ? 1 : this.lastInvocation + 1
  }
}

/** Notes a call at both its ends. */
export function openCall(call: Call): void {
  const { caller, request, callee, invocation } = call
  callee.lastInvocation = invocation
  callee.taken.set(invocation, call)
  caller.made.set(request, call)
}

/** Forgets a call at both its ends. */
export function endCall({ caller, request, callee, invocation }: Call): void {
  callee.taken.delete(invocation)
  caller.made.delete(request)
}
