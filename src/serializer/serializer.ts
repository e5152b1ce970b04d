import type { Message } from '../protocol/messages.ts'
import type { TailCodec } from '../protocol/payload.ts'

/** Bytes ⇄ messages. One object per format, shared by all sessions: nothing in it outlives a call. */
export interface Serializer extends TailCodec {
  readonly name: string
  /** The number that RawSocket gives it (WAMP, "RawSocket Transport", handshake). */
  readonly number: number
  /** Frames are binary ones; else text ones, which the transport has found to be UTF-8. */
  readonly binary: boolean
  /** What its messages are to HTTP: the content type of long-poll. */
  readonly mediaType: string
  /**
   * Reads one message. The payload stays a view of the frame, but has been walked to its end, so
   * that it may be spliced into messages to others. Throws ProtocolViolation.
   */
  decode(frame: Uint8Array): Message
  /** Writes one message. Throws PayloadError where another serializer's payload does not fit. */
  encode(message: Message): Uint8Array
}

/**
 * How deep lists and dicts of one message may nest. Below what the parsers of known clients bear
 * (CPython's json stops near 1,000), so that what passes here opens there.
 */
export const MAX_DEPTH = 256

/** Bytes that options or details may have: opened, small items take a few hundred times as much. */
export const MAX_DICT = 1 << 18
