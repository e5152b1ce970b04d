import { createInterface } from 'node:readline'
import { Failure } from './exit.ts'

/** No router takes longer messages. */
const MAX_INPUT = 1 << 24

/** All of standard input. */
export async function readInput(): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size > MAX_INPUT) throw new Failure(`standard input has more than ${MAX_INPUT} bytes`, 2)
  }
  return Buffer.concat(chunks).toString()
}

/** The lines of standard input, as they come, until the signal is aborted; empty ones are left out. */
export async function* inputLines(signal: AbortSignal): AsyncGenerator<string> {
  for await (const line of createInterface({ input: process.stdin, signal })) {
    if (line.trim() !== '') yield line
  }
  // Else the process would wait for more.
  process.stdin.destroy()
}
