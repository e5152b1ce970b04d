/**
 * Batches: several messages in one frame (WAMP, "Message Batching"). How they are told apart depends on
 * the serializer alone, so one of these serves a connection in both directions.
 */
export interface Batching {
  /**
   * Hands on the messages of a frame in their order, as views of it, each with where the next one
   * begins, until `take` gives false. Gives what is wrong with the frame; what came before the fault
   * has been handed on.
   */
  split(frame: Uint8Array, take: (message: Uint8Array, next: number) => unknown): string | undefined
  /** The frames that carry these messages: as few as BATCH allows. */
  join(messages: readonly Uint8Array[]): Uint8Array[]
}

/** Bytes that a frame may have, unless one message alone has more. */
const BATCH = 1 << 16

/** How the messages of a new connection are put together. */
export function batching(binary: boolean): Batching {
  return binary ? PREFIXED : separated()
}

const RECORD_SEPARATOR = 0x1e
/**
 * What Autobahn|Python sends and expects instead: it took the octal 30 for a decimal one. Neither can be
 * part of a message, as JSON has control characters escaped, or none.
 */
const CANCEL = 0x18

/** Each message is followed by a separator. A client that has another one than specified is answered so. */
function separated(): Batching {
  let separator = RECORD_SEPARATOR
  return {
    split(frame, take) {
      const last = frame[frame.length - 1]
      if (last === undefined) return EMPTY
      if (last !== RECORD_SEPARATOR && last !== CANCEL) {
        return 'batch: the last message is not followed by 0x1E'
      }
      separator = last
      for (let from = 0; from < frame.length; ) {
        const to = frame.indexOf(separator, from)
        if (take(frame.subarray(from, to), to + 1) === false) break
        from = to + 1
      }
      return undefined
    },
    join: messages =>
      batchesOf(messages, 1, (batch, at, message) => {
        batch.set(message, at)
        batch[at + message.length] = separator
      }),
  }
}

/** Each message comes behind its length. */
const PREFIXED: Batching = {
  split(frame, take) {
    if (frame.length === 0) return EMPTY
    for (let from = 0; from < frame.length; ) {
      if (frame.length - from < 4) return 'batch: a length of less than 4 bytes'
      const start = from + 4
      const end = start + uint32(frame, from)
      if (end > frame.length) return 'batch: a message is longer than what is left of the frame'
      if (take(frame.subarray(start, end), end) === false) break
      from = end
    }
    return undefined
  },
  join: messages =>
    batchesOf(messages, 4, (batch, at, message) => {
      batch.writeUInt32BE(message.length, at)
      batch.set(message, at + 4)
    }),
}

const EMPTY = 'batch: without a message'

/** Big-endian. */
function uint32(bytes: Uint8Array, at: number): number {
  const byte = (i: number) => bytes[at + i] as number
  return ((byte(0) << 24) | (byte(1) << 16) | (byte(2) << 8) | byte(3)) >>> 0
}

/** Batches that `put` writes the messages to, each with `surplus` bytes of its own. */
function batchesOf(
  messages: readonly Uint8Array[],
  surplus: number,
  put: (batch: Buffer, at: number, message: Uint8Array) => void,
): Uint8Array[] {
  const sizeOf = (i: number) => (messages[i] as Uint8Array).length + surplus
  const batches: Uint8Array[] = []
  for (let from = 0; from < messages.length; ) {
    let to = from + 1
    let size = sizeOf(from)
    while (to < messages.length && size + sizeOf(to) <= BATCH) size += sizeOf(to++)
    const batch = Buffer.allocUnsafe(size)
    for (let at = 0; from < to; from++) {
      put(batch, at, messages[from] as Uint8Array)
      at += sizeOf(from)
    }
    batches.push(batch)
  }
  return batches
}
