import type { IncomingMessage } from 'node:http'
import type { Clock } from '../base/clock.ts'

/** The body of a request, or what is wrong with it and with which status to answer. */
export type Body =
  | { readonly bytes: Uint8Array }
  | { readonly status: number; readonly text: string }

/** How long a body may take. Milliseconds. */
const TIMEOUT = 30_000

/** Reads a body of at most `limit` bytes; what a longer one has beyond is read and forgotten. */
export async function readBody(
  request: IncomingMessage,
  limit: number,
  clock: Clock,
): Promise<Body> {
  // It would never end again.
  if (request.readableEnded) {
    return { status: 500, text: 'something before the router has read the body' }
  }
  const { 'content-length': length, 'content-encoding': encoding = 'identity' } = request.headers
  // One buffer: a body that comes byte by byte would be a hundred times as large in pieces.
  let bytes = new Uint8Array(0)
  let size = 0
  let isRefused = false
  return new Promise(resolve => {
    const refuse = (status: number, text: string) => {
      isRefused = true
      bytes = new Uint8Array(0)
      resolve({ status, text })
    }
    const timer = clock.after(TIMEOUT, () => {
      refuse(408, 'the body did not come in time')
      // Time for the answer to leave.
      setImmediate(() => request.destroy())
    })
    request.on('data', (chunk: Uint8Array) => {
      if (isRefused) return
      const end = size + chunk.length
      if (end > limit) refuse(413, `at most ${limit} bytes`)
      else {
        if (end > bytes.length) bytes = grown(bytes, Math.min(limit, Math.max(end, 2 * size)))
        bytes.set(chunk, size)
        size = end
      }
    })
    request.once('end', () => {
      timer.cancel()
      resolve({ bytes: bytes.subarray(0, size) })
    })
    request.once('close', () => {
      timer.cancel()
      refuse(400, 'the body was cut off')
    })
    if (Number(length) > limit) refuse(413, `at most ${limit} bytes`)
    else if (encoding !== 'identity') refuse(415, 'no content encoding is known here')
  })
}

function grown(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(size)
  larger.set(bytes)
  return larger
}
