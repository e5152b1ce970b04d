/** Bytes of the reason in a close frame (RFC 6455, 5.5). */
const MAX_REASON = 123
const ENCODER = new TextEncoder()

/** A reason as a close frame can have it: cut short between two characters. */
export function closeReason(reason: string): Uint8Array {
  const bytes = new Uint8Array(MAX_REASON)
  return bytes.subarray(0, ENCODER.encodeInto(reason, bytes).written)
}
