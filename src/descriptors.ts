import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import type { Clock, Timer } from './base/clock.ts'
import type { Counters } from './base/counters.ts'
import type { Log } from './base/log.ts'

/** How often it is tried. Milliseconds. */
const PERIOD = 1000
/** So many must be free before new clients are taken in again. */
const ENOUGH = 16

/** Where clients come in. */
interface Entry {
  /** Takes no new clients in for a while. */
  pause(): void
  /** Takes them in again; nothing happens where it does. */
  resume(): void
}

/**
 * Tells in the log when the process may open no more files, which no server says by itself, and takes
 * no new clients in until some are free: the system would let them connect, and uWebSockets.js would
 * try to take them in all the time. `tryToOpen` opens and closes so many files at a time.
 */
export function watchDescriptors(
  parts: { readonly clock: Clock; readonly log: Log; readonly counters: Counters },
  entry: Entry,
  tryToOpen: (count: number) => void = openAndClose,
): Timer {
  const { clock, log, counters } = parts
  let areGone = false
  return clock.every(PERIOD, () => {
    const before = areGone
    areGone = areNone(() => tryToOpen(before ? ENOUGH : 1))
    if (areGone && !before) {
      counters.count('out_of_files')
      log.error({}, 'no file descriptors are left: no new clients until some leave (ulimit -n)')
      entry.pause()
    } else if (!areGone) entry.resume()
    if (before && !areGone) log.info({}, 'there are file descriptors again')
  })
}

function areNone(open: () => void): boolean {
  try {
    open()
    return false
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'EMFILE' || code === 'ENFILE'
  }
}

function openAndClose(count: number): void {
  const open: number[] = []
  try {
    while (open.length < count) open.push(openSync(devNull, 'r'))
  } finally {
    for (const one of open) closeSync(one)
  }
}
