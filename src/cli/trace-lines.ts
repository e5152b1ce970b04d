import type { Line, MessageLine } from '../trace/line.ts'
import { type Output, widthOf } from './columns.ts'
import { type Paint, painter } from './paint.ts'

const MISSING = { rate: 'more came than --rate allows', reader: 'they were not read in time' }

/**
 * Turns the lines of a trace into text, one line each; undefined where there is nothing to say. A
 * terminal gets colours, and lines that fit its width.
 */
export function tracePrinter(output: Output): (line: Line) => string | undefined {
  const paint = painter(output)
  return line => {
    if (line.kind === 'message') return row(line, widthOf(output), paint)
    if (line.kind !== 'dropped') return undefined
    return paint('yellow', `… ${line.lines} lines are missing: ${MISSING[line.why]}`)
  }
}

/** On wide lines sessions have their ids beside their authids. */
const WIDE = 120

/** Time, direction, session, type, time taken, URI, and what else there is, as far as it fits. */
function row(line: MessageLine, width: number, paint: Paint): string {
  const { time, direction, authid = '', session = '', type, uri, reason, cut } = line
  const isReceived = direction === 'received'
  const isBad = type === 'ERROR' || type === 'ABORT'
  const who = width < WIDE ? column(authid, 14) : `${column(authid, 24)} ${column(session, 16)}`
  const rest = [reason, line.args, line.kwargs, line.details, cut === true ? '…' : undefined]
  const cells: [text: string, style: Parameters<Paint>[0]][] = [
    [clockOf(time), 'dim'],
    [isReceived ? '→' : '←', isReceived ? 'cyan' : 'green'],
    [who, 'reset'],
    [column(type, 12), isBad ? 'red' : isReceived ? 'cyan' : 'green'],
    [takenOf(line.took).padStart(9), 'yellow'],
    ...(uri === undefined ? [] : [[harmless(uri), 'bold'] as [string, 'bold']]),
    ...rest
      .filter(text => text !== undefined)
      .map(text => [harmless(text), text === reason ? 'red' : 'dim'] as [string, 'red' | 'dim']),
  ]
  let left = width
  const painted: string[] = []
  for (const [text, style] of cells) {
    if (left <= 1) break
    const shown = text.length > left ? `${text.slice(0, left - 1)}…` : text
    painted.push(paint(style, shown))
    left -= shown.length + 1
  }
  return painted.join(' ')
}

function column(value: string | number, width: number): string {
  const text = harmless(String(value))
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width)
}

/** The time of day, to the millisecond, where the reader is. */
function clockOf(time: number): string {
  const local = time - new Date(time).getTimezoneOffset() * 60_000
  return new Date(local).toISOString().slice(11, 23)
}

function takenOf(took: number | undefined): string {
  if (took === undefined) return ''
  return took < 10_000 ? `${took.toFixed(took < 100 ? 2 : 0)} ms` : `${(took / 1000).toFixed(1)} s`
}

/** A text of others that commands no terminal. */
function harmless(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
