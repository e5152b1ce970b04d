import type { Clock, Timer } from '../../base/clock.ts'
import { PROTOCOL_VIOLATION } from '../../protocol/errors.ts'
import { Refusal } from './refusal.ts'

/** How often the two sides say something, in milliseconds; 0 is never. */
export interface Beats {
  /** The router sends something at least this often. */
  readonly outgoing: number
  /** The client does. */
  readonly incoming: number
}

/** What the router offers: it can beat this often, and wishes the client to. Milliseconds. */
export interface Offer {
  readonly canSend: number
  readonly wants: number
}

/** What a client's `heart-beat` and the offer make (STOMP 1.2, "Heart-beating"). Throws Refusal. */
export function beatsOf(header: string | undefined, { canSend, wants }: Offer): Beats {
  const found = /^(\d{1,9}),(\d{1,9})$/.exec(header ?? '0,0')
  if (found === null) {
    throw new Refusal(PROTOCOL_VIOLATION, 'heart-beat is not two numbers with a comma between')
  }
  const [sends, asks] = [Number(found[1]), Number(found[2])]
  return {
    outgoing: asks === 0 ? 0 : Math.max(asks, canSend),
    incoming: sends === 0 ? 0 : Math.max(sends, wants),
  }
}

/** The heart-beats of one connection, from CONNECTED to its end. */
export class HeartBeat {
  /** Something has come since the last look. */
  heard = true
  #silences = 0
  readonly #timers: Timer[] = []

  /** `beat` sends a sign of life, `dead` hears that the client gave none for two of its beats. */
  constructor(clock: Clock, { outgoing, incoming }: Beats, beat: () => void, dead: () => void) {
    // A little early, for timers are late.
    if (outgoing > 0) this.#timers.push(clock.every(outgoing * 0.9, beat))
    if (incoming > 0) this.#timers.push(clock.every(incoming, () => this.#look(dead)))
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel()
  }

  #look(dead: () => void): void {
    this.#silences = this.heard ? 0 : this.#silences + 1
    this.heard = false
    if (this.#silences >= 2) dead()
  }
}
