import { PayloadError } from '../protocol/errors.ts'
import type { Message } from '../protocol/messages.ts'
import type { Serializer } from '../serializer/serializer.ts'
import type { Tally } from './tally.ts'

/** One message for many receivers. Each serializer's bytes are made once, and shared. */
export class SharedMessage {
  readonly message: Message
  /** Where it is noted who goes without; null where nobody wants to know. */
  readonly tally: Tally | null
  /** When the publication arrived, by `elapsed` of the clock; -1 where nothing has just arrived. */
  readonly since: number
  /** Of each serializer: the bytes, or why there are none. */
  readonly #frames: (Uint8Array | PayloadError | undefined)[] = []

  constructor(message: Message, tally: Tally | null = null, since = -1) {
    this.message = message
    this.tally = tally
    this.since = since
  }

  /** Throws PayloadError where the serializer cannot carry the payload. */
  bytes(serializer: Serializer): Uint8Array {
    const known = this.#frames[serializer.number]
    if (known instanceof Uint8Array) return known
    if (known !== undefined) throw known
    return this.#encode(serializer)
  }

  #encode(serializer: Serializer): Uint8Array {
    try {
      const frame = serializer.encode(this.message)
      this.#frames[serializer.number] = frame
      return frame
    } catch (error) {
      // To try again for each of ten thousand receivers would take long.
      if (error instanceof PayloadError) this.#frames[serializer.number] = error
      throw error
    }
  }
}
