import { readFileSync } from 'node:fs'

/** Linux counts in hundredths of a second on all usual machines. */
const TICK = 0.01

/** CPU seconds of a process so far, user and system; undefined where there is no telling. */
export function cpuSeconds(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name stands in brackets and may hold anything; utime and stime are fields 14 and 15.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK
  } catch {
    return undefined
  }
}
