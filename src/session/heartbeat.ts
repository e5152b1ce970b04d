import type { Clock, Timer } from '../base/clock.ts'

/** A connection as the heartbeat sees it. */
export interface Beating {
  /** Something has come from the peer since the last beat. */
  heard: boolean
  /** A ping is out and not answered. */
  asked: boolean
  ping(): void
  /** The peer is silent: it has not answered within an interval. */
  dead(): void
}

/** The connections are spread over this many beats of an interval, so that none is long. */
const SLICES = 10

/**
 * Finds dead peers: who says nothing for an interval is pinged, and who says nothing for another
 * is dead. That takes three intervals at most.
 */
export class Heartbeat {
  readonly #slices: Set<Beating>[] = Array.from({ length: SLICES }, () => new Set())
  readonly #timer: Timer
  #next = 0
  #retired = false

  /** `interval` in milliseconds. */
  constructor(clock: Clock, interval: number) {
    this.#timer = clock.every(interval / SLICES, () => this.#beat())
  }

  add(connection: Beating): void {
    const smallest = this.#slices.reduce((a, b) => (b.size < a.size ? b : a))
    smallest.add(connection)
  }

  remove(connection: Beating): void {
    for (const slice of this.#slices) slice.delete(connection)
    if (this.#retired && this.#slices.every(slice => slice.size === 0)) this.stop()
  }

  /** Stops once the connections that it has are gone: a reload gave new ones another interval. */
  retire(): void {
    this.#retired = true
    if (this.#slices.every(slice => slice.size === 0)) this.stop()
  }

  stop(): void {
    this.#timer.cancel()
  }

  #beat(): void {
    const slice = this.#slices[this.#next] as Set<Beating>
    this.#next = (this.#next + 1) % SLICES
    for (const connection of slice) {
      if (connection.heard) {
        connection.heard = false
        connection.asked = false
      } else if (connection.asked) connection.dead()
      else {
        connection.asked = true
        connection.ping()
      }
    }
  }
}
