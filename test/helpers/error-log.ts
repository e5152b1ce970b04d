import type { Log } from '../../src/base/log.ts'

/** A log that keeps what went wrong inside the router and forgets the rest. */
export function errorLog(): Log & { errors: string[] } {
  const errors: string[] = []
  const forget = () => {}
  return {
    errors,
    error: (facts, text) =>
      errors.push(`${text}: ${String((facts as { err?: Error }).err?.stack ?? '')}`),
    warn: forget,
    info: forget,
    debug: forget,
  }
}
