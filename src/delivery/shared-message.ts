import type { Message } from '../protocol/messages.ts'
import type { Serializer } from '../serializer/serializer.ts'

/** One message for many receivers. Each serializer's bytes are made once, and shared. */
export class SharedMessage {
  readonly message: Message
  readonly #frames: (Uint8Array | undefined)[] = []

  constructor(message: Message) {
    this.message = message
  }

  bytes(serializer: Serializer): Uint8Array {
    const known = this.#frames[serializer.number]
    if (known !== undefined) return known
    const frame = serializer.encode(this.message)
    this.#frames[serializer.number] = frame
    return frame
  }
}
