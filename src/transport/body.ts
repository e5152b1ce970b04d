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
  const chunks: Uint8Array[] = []
  let size = 0
  return new Promise(resolve => {
    const refuse = (status: number, text: string) => {
      chunks.length = 0
      resolve({ status, text })
    }
    const timer = clock.after(TIMEOUT, () => {
      refuse(408, 'the body did not come in time')
      // Time for the answer to leave.
      setImmediate(() => request.destroy())
    })
    request.on('data', (chunk: Uint8Array) => {
      size += chunk.length
      if (size > limit) refuse(413, `at most ${limit} bytes`)
      else chunks.push(chunk)
    })
    request.once('end', () => {
      timer.cancel()
      resolve({ bytes: chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks) })
    })
    request.once('close', () => {
      timer.cancel()
      refuse(400, 'the body was cut off')
    })
    if (Number(length) > limit) refuse(413, `at most ${limit} bytes`)
    else if (encoding !== 'identity') refuse(415, 'no content encoding is known here')
  })
}
