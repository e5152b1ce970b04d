import { randomFillSync } from 'node:crypto'

/** The largest id, 2^53 (WAMP, Basic Profile, "Identifiers"). */
export const MAX_ID = 9007199254740992

/** Gives ids of the global scope: uniform in 1..2^53. */
export type RandomId = () => number

const pool = new Uint32Array(2048)
let next = pool.length

/** Draws 53 random bits and adds one, from a pool filled by the system's generator. */
export const randomId: RandomId = () => {
  if (next === pool.length) {
    randomFillSync(pool)
    next = 0
  }
  const high = (pool[next++] as number) >>> 11
  const low = pool[next++] as number
  return high * 4294967296 + low + 1
}
