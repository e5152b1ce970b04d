import type { Clock } from '../base/clock.ts'
import { PayloadError } from '../protocol/errors.ts'
import { EVENT, type EventMessage } from '../protocol/messages.ts'
import type { Peer } from './outlet.ts'
import { SharedMessage } from './shared-message.ts'
import type { Tally } from './tally.ts'

/** Who hears the events of a subscription. */
export interface Audience {
  readonly members: ReadonlySet<Peer>
  /** The members as a list, made when it is needed; null from each change of them on. */
  roll: readonly Peer[] | null
}

/** Work that is done in parts: `run` does some of it, at most so much, and says how much. */
export interface Job {
  readonly isOver: boolean
  /** What it keeps in memory. */
  readonly bytes: number
  run(most: number): number
}

/**
 * Events given to sessions in one turn of the event loop: about a millisecond. A large one counts
 * as many times as it has so many bytes, for sooner or later they are written.
 */
const TURN = 10_000
const UNIT = 2048
/** What one publisher gets of a turn before it is another's. */
const SLICE = 1000
/** Jobs that may wait, and bytes of their payloads. */
const MAX_JOBS = 10_000
const MAX_BYTES = 64 << 20

/**
 * Gives an event to all members of a subscription but `except` and those whom `admits` leaves
 * out. It is encoded once for each serializer that they speak. Those whose serializer cannot carry
 * it go without; gives why, or null.
 */
export function fanOut(
  members: ReadonlySet<Peer>,
  shared: SharedMessage,
  except: Peer | null,
  admits: ((peer: Peer) => boolean) | null,
): PayloadError | null {
  let failure: PayloadError | null = null
  for (const peer of members) {
    if (peer === except) continue
    if (admits === null || admits(peer)) failure = deliver(peer, shared) ?? failure
  }
  return failure
}

function deliver(peer: Peer, shared: SharedMessage): PayloadError | null {
  const { tally } = shared
  try {
    if (tally !== null) tally.receivers++
    peer.share(shared)
    return null
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error
    if (tally !== null) {
      tally.receivers--
      tally.untranslatable++
    }
    return error
  }
}

/**
 * The fan-outs of a realm. Few receivers get an event at once. Where more is published than a turn
 * of the event loop should take, it waits, and is given out in parts over the next turns, so that
 * the calls of others come through meanwhile. Publishers take turns; what is of one publisher keeps
 * its order.
 */
export class FanOuts {
  /** Jobs by whom they are of. */
  readonly #queues = new Map<object, Job[]>()
  #jobs = 0
  #bytes = 0
  /** Deliveries of this turn. */
  #spent = 0
  #scheduled = false
  readonly #clock: Clock
  readonly #next = () => this.#turn()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Gives an event out, now or later. What is later heard by nobody who has left meanwhile. Gives
   * why somebody goes without, where that shows now; null otherwise.
   */
  give(
    publisher: Peer,
    audience: Audience,
    event: EventMessage,
    except: Peer | null,
    admits: ((peer: Peer) => boolean) | null,
    tally: Tally | null = null,
  ): PayloadError | null {
    const since = this.#clock.elapsed()
    const size = audience.members.size * costOf(event)
    const waits = this.#queues.size > 0 && this.#queues.has(publisher)
    if (!waits && (this.#spent + size <= TURN || this.#isFull)) {
      this.#spent += size
      this.#schedule()
      return fanOut(audience.members, new SharedMessage(event, tally, since), except, admits)
    }
    while (this.#isFull && this.#queues.has(publisher)) this.#advance(publisher, Infinity)
    const payload = event.payload.keep()
    const kept = { ...event, type: EVENT, payload } as const
    const shared = new SharedMessage(kept, tally, since)
    this.later(publisher, new FanOutJob(audience, shared, except, admits))
    return null
  }

  /** Puts work behind what else is of the same. */
  later(owner: object, job: Job): void {
    const queue = this.#queues.get(owner)
    if (queue === undefined) this.#queues.set(owner, [job])
    else queue.push(job)
    this.#jobs++
    this.#bytes += job.bytes
    this.#schedule()
  }

  /** Then publishers have to wait until something of theirs is done. */
  get #isFull(): boolean {
    return this.#jobs >= MAX_JOBS || this.#bytes >= MAX_BYTES
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#next)
  }

  #turn(): void {
    this.#scheduled = false
    this.#spent = 0
    while (this.#spent < TURN) {
      const [owner] = this.#queues.keys()
      if (owner === undefined) break
      this.#spent += this.#advance(owner, SLICE)
    }
    if (this.#spent > 0) this.#schedule()
  }

  /** Does some work of an owner, who is then behind the others. */
  #advance(owner: object, most: number): number {
    const queue = this.#queues.get(owner) as Job[]
    const job = queue[0] as Job
    let done = 0
    let failed = false
    try {
      done = job.run(most)
    } catch (error) {
      // A fault of the router's own, and no session that it happened in.
      process.emitWarning(error as Error)
      failed = true
    }
    this.#queues.delete(owner)
    if (failed || job.isOver) {
      queue.shift()
      this.#jobs--
      this.#bytes -= job.bytes
    }
    if (queue.length > 0) this.#queues.set(owner, queue)
    return done
  }
}

/** A fan-out in parts, to those who were members when it was published and still are. */
class FanOutJob implements Job {
  readonly bytes: number
  readonly #cost: number
  readonly #audience: Audience
  readonly #roll: readonly Peer[]
  readonly #shared: SharedMessage
  readonly #except: Peer | null
  readonly #admits: ((peer: Peer) => boolean) | null
  #at = 0

  constructor(
    audience: Audience,
    shared: SharedMessage,
    except: Peer | null,
    admits: ((peer: Peer) => boolean) | null,
  ) {
    audience.roll ??= [...audience.members]
    const event = shared.message as EventMessage
    this.bytes = event.payload.size
    this.#cost = costOf(event)
    this.#audience = audience
    this.#roll = audience.roll
    this.#shared = shared
    if (shared.tally !== null) shared.tally.pending++
    this.#except = except
    this.#admits = admits
  }

  get isOver(): boolean {
    return this.#at === this.#roll.length
  }

  run(most: number): number {
    const from = this.#at
    const some = Math.max(Math.floor(most / this.#cost), 1)
    const until = Math.min(this.#roll.length, from + some)
    while (this.#at < until) this.#give(this.#roll[this.#at++] as Peer)
    const { tally } = this.#shared
    if (this.isOver && tally !== null) tally.pending--
    return (until - from) * this.#cost
  }

  #give(peer: Peer): void {
    if (peer === this.#except || !this.#audience.members.has(peer)) return
    // The publisher has been answered: whoever cannot read it goes without.
    if (this.#admits === null || this.#admits(peer)) deliver(peer, this.#shared)
  }
}

/** For how many deliveries one of this event counts. */
function costOf({ payload }: EventMessage): number {
  return 1 + Math.floor(payload.size / UNIT)
}
