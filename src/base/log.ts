import { pino } from 'pino'
import type { LogLevel } from './log-level.ts'

export type { LogLevel } from './log-level.ts'

/** What the router tells its operator. Payloads and secrets never go in. */
export interface Log {
  /** The router itself failed, or cannot do what it was told to. */
  error(facts: object, text: string): void
  /** Somebody should look at this. */
  warn(facts: object, text: string): void
  /** Who comes and goes, and why. */
  info(facts: object, text: string): void
  /** What is only wanted in search of a fault. */
  debug(facts: object, text: string): void
}

/**
 * A log that writes one line an entry to standard error: readable on a terminal, JSON elsewhere.
 * Control characters from peers are escaped in both, and long texts cut. Its level may be changed at
 * any time.
 */
export function createLog(level: LogLevel, pretty: boolean): Log & { level: string } {
  let leftOut = 0
  const out = {
    write(line: string) {
      if (process.stderr.writableLength > MAX_WAITING) {
        leftOut++
        return
      }
      const lines = leftOut
      leftOut = 0
      if (lines > 0) log.warn({ lines }, 'lines of the log were left out: nobody read them in time')
      const text = pretty ? readable(line) : line.trimEnd()
      process.stderr.write(`${text.replace(CONTROL, escaped)}\n`)
    },
  }
  const timestamp = pino.stdTimeFunctions.isoTime
  const log = pino({ level, base: null, timestamp, formatters: { log: cut } }, out)
  return log
}

/** Bytes of the log that may wait for its reader, or one that stops would have it fill the memory. */
const MAX_WAITING = 1 << 20

/** Peers choose URIs and names, which may be as long as a message. */
const MAX_TEXT = 500

function cut(facts: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(facts).map(([key, value]) =>
    typeof value === 'string' && value.length > MAX_TEXT
      ? [key, `${value.slice(0, MAX_TEXT)}…`]
      : [key, value],
  )
  return Object.fromEntries(entries)
}

/** JSON leaves those from U+007F on as they are, and terminals obey some of them. */
const CONTROL = /\p{Cc}/gu

function escaped(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`
}

const NAMES: Record<number, string> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' }

function readable(line: string): string {
  const { level, time, msg, ...facts } = JSON.parse(line) as Record<string, unknown>
  const rest = Object.entries(facts).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`)
  const clock = String(time).slice(11, 19)
  return `${clock} ${NAMES[level as number] ?? level} ${msg}${rest.join('')}`
}
