import type { Duplex } from 'node:stream'

/** Frames up to this size are gathered into one buffer with their headers. */
export const GATHER = 16384

/** Writes a frame's header at a place of a buffer; gives where it ends. */
export type WriteHeader = (bytes: Buffer, at: number, frame: Uint8Array) => number

/** The longest header. */
const MAX_HEADER = 10
/** The longest header of a frame that is gathered. */
const SHORT_HEADER = 4

const NOTHING = new Uint8Array(0)

/**
 * Writes the frames of a tick in one go, small ones gathered into few buffers. Where some of it waits
 * for the kernel, and Node will not tell by `drain` when it has left, `drained` is called then.
 */
export function writeFrames(
  stream: Duplex,
  frames: readonly Uint8Array[],
  header: WriteHeader,
  drained: () => void,
): void {
  stream.cork()
  let from = 0
  while (from < frames.length) from = writeSome(stream, frames, from, header)
  stream.uncork()
  // Node tells it only of more than its own mark.
  if (stream.writableLength > 0 && !stream.writableNeedDrain) stream.write(NOTHING, drained)
}

/** Writes the frames from `from` on that fit one buffer, or a large one; gives the next. */
function writeSome(
  stream: Duplex,
  frames: readonly Uint8Array[],
  from: number,
  header: WriteHeader,
): number {
  const first = frames[from] as Uint8Array
  if (first.length > GATHER) {
    const bytes = Buffer.allocUnsafe(MAX_HEADER)
    stream.write(bytes.subarray(0, header(bytes, 0, first)))
    stream.write(first)
    return from + 1
  }
  let size = 0
  let to = from
  for (; to < frames.length; to++) {
    const { length } = frames[to] as Uint8Array
    if (length > GATHER || size + length > 4 * GATHER) break
    size += length + SHORT_HEADER
  }
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for (let i = from; i < to; i++) {
    const frame = frames[i] as Uint8Array
    at = header(bytes, at, frame)
    bytes.set(frame, at)
    at += frame.length
  }
  stream.write(bytes.subarray(0, at))
  return to
}
