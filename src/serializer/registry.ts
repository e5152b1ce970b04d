import { cbor } from './cbor.ts'
import { json } from './json.ts'
import { msgpack } from './msgpack.ts'
import type { Serializer } from './serializer.ts'

/** All serializers that a connection may choose. A new one is a file and a line here. */
export const SERIALIZERS: readonly Serializer[] = [json, msgpack, cbor]

/** What a connection may speak. */
export interface Subprotocol {
  readonly serializer: Serializer
  readonly binary: boolean
  /** Each frame is a batch of messages. */
  readonly isBatched: boolean
  /** Its number in RawSocket, which knows no batches. */
  readonly number?: number
  /** What its messages are to HTTP. */
  readonly mediaType: string
}

/**
 * The subprotocols by their names (WAMP, "WebSocket Transport" and "Message Batching"): each serializer has
 * two, for single messages and for batches.
 */
export function subprotocols(): Map<string, Subprotocol> {
  return new Map(
    SERIALIZERS.flatMap(serializer => {
      const { name, number, binary, mediaType } = serializer
      const single = { serializer, binary, isBatched: false, number, mediaType }
      const batched = { serializer, binary, isBatched: true, mediaType }
      return [
        [`wamp.2.${name}`, single],
        [`wamp.2.${name}.batched`, batched],
      ]
    }),
  )
}
