import { INVALID_ARGUMENT, LIMIT_EXCEEDED } from '../../protocol/errors.ts'
import type { ErrorMessage } from '../../protocol/messages.ts'
import { Refusal } from './refusal.ts'

/** Does what a frame asks for, and says when that is done, or refused. */
export type Action = (done: (refused?: ErrorMessage) => void) => void

/** What an action takes of the memory besides its body, by estimate. */
const OVERHEAD = 500

interface Transaction {
  readonly actions: Action[]
  bytes: number
}

/** What waits for COMMIT: nothing of a transaction happens before, then all does, in order. */
export class Transactions {
  readonly #open = new Map<string, Transaction>()
  readonly #maxBytes: number
  #bytes = 0

  /** The transactions of a client may hold `maxBytes` together. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Throws Refusal. */
  begin(name: string): void {
    if (this.#open.has(name)) {
      throw new Refusal(INVALID_ARGUMENT, `the transaction ${name} has begun already`)
    }
    const transaction = { actions: [], bytes: 0 }
    this.#open.set(name, transaction)
    this.#grow(transaction, name.length)
  }

  /** Throws Refusal. */
  hold(name: string, action: Action, bytes: number): void {
    const transaction = this.#get(name)
    transaction.actions.push(action)
    this.#grow(transaction, bytes)
  }

  /** Ends a transaction, and gives what it held. Throws Refusal. */
  end(name: string): readonly Action[] {
    const { actions, bytes } = this.#get(name)
    this.#open.delete(name)
    this.#bytes -= bytes
    return actions
  }

  #get(name: string): Transaction {
    const found = this.#open.get(name)
    if (found === undefined) throw new Refusal(INVALID_ARGUMENT, `no transaction ${name} has begun`)
    return found
  }

  #grow(transaction: Transaction, bytes: number): void {
    transaction.bytes += bytes + OVERHEAD
    this.#bytes += bytes + OVERHEAD
    if (this.#bytes <= this.#maxBytes) return
    throw new Refusal(LIMIT_EXCEEDED, `transactions may hold ${this.#maxBytes} bytes together`)
  }
}
