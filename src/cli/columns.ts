import { printable } from '../config/problem.ts'

/** What stands in the columns of a row. Numbers stand to the right. */
export type Cells = readonly (string | number)[]

/** A column is not made narrower than this. Characters. */
const NARROW = 6

/** Rows as lines of aligned columns. Beyond `width` characters the widest columns are cut. */
export function columns(rows: readonly Cells[], width = Number.POSITIVE_INFINITY): string {
  const widths = fitted(widthsOf(rows), width)
  const isRight = widths.map((_, i) => rows.some(row => typeof row[i] === 'number'))
  return rows
    .map(row =>
      row
        .map((cell, i) => {
          const [most = 0, text] = [widths[i], cut(String(cell), widths[i])]
          return isRight[i] ? text.padStart(most) : text.padEnd(most)
        })
        .join('  ')
        .trimEnd(),
    )
    .map(line => cut(line, width))
    .join('\n')
}

function widthsOf(rows: readonly Cells[]): number[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, String(cell).length)
  }
  return widths
}

function fitted(widths: number[], width: number): number[] {
  let excess = widths.reduce((sum, one) => sum + one + 2, -2) - width
  while (excess > 0) {
    const widest = Math.max(...widths)
    if (widest <= NARROW) break
    widths[widths.indexOf(widest)] = widest - 1
    excess--
  }
  return widths
}

function cut(text: string, most = 0): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(0, most - 1))}…`.slice(0, most)
}

/** Where lines are written. */
export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
}

/** The width of a terminal; what goes elsewhere is not cut. */
export function widthOf({ isTTY, columns: width }: Output): number {
  return isTTY === true && width !== undefined ? width : Number.POSITIVE_INFINITY
}

/** A text of others in a cell, whole but harmless to a terminal. */
export function shown(text: string): string {
  return text === '' ? '""' : printable(text, text.length)
}

/** How long something has lasted: `12s`, `5m`, `3h`, `8d`. */
export function ageOf(since: number, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - since) / 1000))
  const [unit, size] = UNITS.find(([, size]) => seconds >= 2 * size) ?? ['s', 1]
  return `${Math.floor(seconds / size)}${unit}`
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
]
