import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import type { Clock, Timer } from './base/clock.ts'
import type { Counters } from './base/counters.ts'
import type { Log } from './base/log.ts'

/** How often it is tried. Milliseconds. */
const PERIOD = 1000

/**
 * Tells in the log when the process may open no more files: then the system lets clients connect, and
 * nobody answers them until others leave. No server says so by itself. `tryOne` opens and closes one.
 */
export function watchDescriptors(
  clock: Clock,
  log: Log,
  counters: Counters,
  tryOne: () => void = openOne,
): Timer {
  let areGone = false
  return clock.every(PERIOD, () => {
    const before = areGone
    try {
      tryOne()
      areGone = false
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      areGone = code === 'EMFILE' || code === 'ENFILE'
    }
    if (areGone === before) return
    if (areGone) {
      counters.count('out_of_files')
      log.error({}, 'no file descriptors are left: new clients wait until others leave (ulimit -n)')
    } else log.info({}, 'there are file descriptors again')
  })
}

function openOne(): void {
  closeSync(openSync(devNull, 'r'))
}
