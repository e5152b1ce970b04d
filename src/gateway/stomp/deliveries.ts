import type { Consumer } from './consumers.ts'

/** A message for each of some consumers. */
export interface Delivery {
  /** Those that have not got it. */
  readonly consumers: Consumer[]
  /** Bytes that it takes while it waits, by estimate. */
  readonly size: number
  send(consumer: Consumer): void
}

/**
 * The messages that a client is to get, in order. They become frames only as fast as it reads: a
 * frame may be many times what the router has sent for it, and there is one for each consumer. What
 * has no room waits as it came, and counts as what waits for any reader.
 */
export class Deliveries {
  /** Bytes that wait. */
  waiting = 0
  readonly #client: { readonly isFull: boolean }
  #due: Delivery[] = []

  constructor(client: { readonly isFull: boolean }) {
    this.#client = client
  }

  add(delivery: Delivery): void {
    this.#due.push(delivery)
    this.waiting += delivery.size
    this.go()
  }

  /** Sends what there is room for. */
  go(): void {
    for (;;) {
      const delivery = this.#due[0]
      if (delivery === undefined || this.#client.isFull) return
      const consumer = delivery.consumers.shift()
      // Its subscription may have ended meanwhile.
      if (consumer?.source.consumers.has(consumer)) delivery.send(consumer)
      if (delivery.consumers.length > 0 || this.#due[0] !== delivery) continue
      this.#due.shift()
      this.waiting -= delivery.size
    }
  }

  /** Drops what waits. */
  drop(): void {
    this.#due = []
    this.waiting = 0
  }
}
