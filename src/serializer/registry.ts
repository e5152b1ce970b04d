import { cbor } from './cbor.ts'
import { json } from './json.ts'
import { msgpack } from './msgpack.ts'
import type { Serializer } from './serializer.ts'

/** All serializers that a connection may choose. A new one is a file and a line here. */
export const SERIALIZERS: readonly Serializer[] = [json, msgpack, cbor]

/** A WebSocket subprotocol and the serializer behind it (WAMP, "WebSocket Transport"). */
export function subprotocols(): Map<string, Serializer> {
  return new Map(SERIALIZERS.map(serializer => [`wamp.2.${serializer.name}`, serializer]))
}
