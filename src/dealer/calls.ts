import { MAX_ID } from '../base/ids.ts'
import type { Peer } from '../delivery/outlet.ts'

/** A call that is not answered yet. */
export interface Call {
  readonly caller: Peer
  /** The caller's number for it. */
  readonly request: number
  readonly callee: Peer
  /** The callee's number for it. */
  readonly invocation: number
}

/** What the dealer keeps of a session that calls or is called. */
interface Ends {
  /** Its own open calls, by request. */
  readonly made: Map<number, Call>
  /** The calls that it is to answer, by invocation. */
  readonly taken: Map<number, Call>
  /** The invocation that it was sent last (session scope: 1, 2, 3 …). */
  lastInvocation: number
}

/** The open calls of a realm, found from both their ends. */
export class Calls {
  readonly #ends = new Map<Peer, Ends>()

  made(caller: Peer, request: number): Call | undefined {
    return this.#ends.get(caller)?.made.get(request)
  }

  taken(callee: Peer, invocation: number): Call | undefined {
    return this.#ends.get(callee)?.taken.get(invocation)
  }

  /** An invocation of this number has been sent to the session at some time. */
  wasSent(callee: Peer, invocation: number): boolean {
    return invocation <= (this.#ends.get(callee)?.lastInvocation ?? 0)
  }

  /** The number of the session's next invocation. */
  nextInvocation(callee: Peer): number {
    const { lastInvocation } = this.#endsOf(callee)
    return lastInvocation === MAX_ID ? 1 : lastInvocation + 1
  }

  add(call: Call): void {
    const callee = this.#endsOf(call.callee)
    callee.lastInvocation = call.invocation
    callee.taken.set(call.invocation, call)
    this.#endsOf(call.caller).made.set(call.request, call)
  }

  remove(call: Call): void {
    this.#ends.get(call.callee)?.taken.delete(call.invocation)
    this.#ends.get(call.caller)?.made.delete(call.request)
  }

  /** All open calls of a session that ends; it is forgotten. */
  removeAll(peer: Peer): { made: Call[]; taken: Call[] } {
    const ends = this.#ends.get(peer)
    const made = [...(ends?.made.values() ?? [])]
    const taken = [...(ends?.taken.values() ?? [])]
    for (const call of made) this.remove(call)
    for (const call of taken) this.remove(call)
    this.#ends.delete(peer)
    return { made, taken }
  }

  #endsOf(peer: Peer): Ends {
    let ends = this.#ends.get(peer)
    if (ends === undefined) {
      ends = { made: new Map(), taken: new Map(), lastInvocation: 0 }
      this.#ends.set(peer, ends)
    }
    return ends
  }
}
