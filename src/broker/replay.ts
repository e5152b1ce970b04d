import type { Job } from '../delivery/fanout.ts'
import type { Peer } from '../delivery/outlet.ts'
import { SharedMessage } from '../delivery/shared-message.ts'
import { PayloadError } from '../protocol/errors.ts'
import { EVENT } from '../protocol/messages.ts'
import type { StoredEvent } from '../store/store.ts'
import type { Kept, RetainedEvents } from './retained.ts'
import type { Subscription } from './subscriptions.ts'

/** Bytes of retained events that a session gets in one turn of the event loop. */
const TURN_BYTES = 1 << 16

/** Deliveries that such a part counts for: as many as it takes the time of. */
const COST = 2000

interface Due {
  readonly kept: Kept
  readonly event: StoredEvent
}

/**
 * Gives a session what is retained for the topics of a subscription (WAMP, "Event Retention"). What
 * changes while it is under way the session gets as it is published.
 */
export class Replay implements Job {
  readonly bytes = 0
  readonly #retained: RetainedEvents
  readonly #peer: Peer
  readonly #subscription: Subscription
  readonly #due: Due[] = []
  #at = 0

  constructor(retained: RetainedEvents, peer: Peer, subscription: Subscription) {
    this.#retained = retained
    this.#peer = peer
    this.#subscription = subscription
    for (const kept of retained.matching(subscription.match, subscription.uri)) {
      const event = retained.newest(kept, peer)
      if (event !== undefined) this.#due.push({ kept, event })
    }
  }

  get isOver(): boolean {
    return this.#at >= this.#due.length || !this.#subscription.members.has(this.#peer)
  }

  run(): number {
    for (let bytes = 0; bytes < TURN_BYTES && !this.isOver; this.#at++) {
      const { kept, event } = this.#due[this.#at] as Due
      if (this.#retained.newest(kept, this.#peer) !== event) continue
      bytes += event.payload.size + 100
      this.#send(event)
    }
    return COST
  }

  #send({ topic, publication, payload, details: facts }: StoredEvent): void {
    const { id, match } = this.#subscription
    const details =
      match === 'exact' ? { ...facts, retained: true } : { topic, ...facts, retained: true }
    const event = { type: EVENT, subscription: id, publication, details, payload } as const
    try {
      // Not send(): what was missed before it is told with it.
      this.#peer.share(new SharedMessage(event))
    } catch (error) {
      // There is no request to be answered: what the subscriber cannot read it goes without.
      if (!(error instanceof PayloadError)) throw error
    }
  }
}
