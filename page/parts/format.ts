const LANGUAGE = 'en'

const whole = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat(LANGUAGE, { maximumSignificantDigits: 3 })
const exact = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium', timeStyle: 'long' })
const clock = new Intl.DateTimeFormat(LANGUAGE, { timeStyle: 'medium', hourCycle: 'h23' })

/** `20,000`. */
export const count = (value: number): string => whole.format(value)

/** Three digits, and thousands as `k` and so on: `12.3k`. */
export function brief(value: number): string {
  return scaled(value, 1000, ['', 'k', 'M', 'G', 'T'], '')
}

/** `12.3k/s`; little is rounded to tenths. */
export function rate(value: number): string {
  return `${value < 10 ? short.format(Math.round(value * 10) / 10) : brief(value)}/s`
}

/** `1.5 MB`. */
export function bytes(value: number): string {
  return scaled(value, 1000, ['B', 'kB', 'MB', 'GB', 'TB'], ' ')
}

export const bytesRate = (value: number): string => `${bytes(Math.round(value))}/s`

/** `1.25 ms`, of seconds. */
export function latency(seconds: number): string {
  if (seconds >= 1) return `${short.format(seconds)} s`
  if (seconds >= 0.001) return `${short.format(seconds * 1000)} ms`
  return `${short.format(seconds * 1_000_000)} µs`
}

/** `1.25 ms`, of milliseconds. */
export const milliseconds = (value: number): string => latency(value / 1000)

export const percent = (share: number): string => `${short.format(Math.round(share * 1000) / 10)}%`

function scaled(value: number, step: number, units: readonly string[], space: string): string {
  let i = 0
  let rest = value
  // What would be rounded to a thousand takes the next unit.
  while (Math.abs(rest) >= step - 0.5 && i < units.length - 1) {
    rest /= step
    i++
  }
  const text = short.format(Math.abs(rest) >= 100 ? Math.round(rest) : rest)
  return units[i] === '' ? text : `${text}${space}${units[i]}`
}

/** `3 d 4 h`, of milliseconds: the two largest units. */
export function duration(time: number): string {
  const seconds = Math.max(0, Math.floor(time / 1000))
  const units = [
    [Math.floor(seconds / 86400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const first = units.findIndex(([value]) => value > 0)
  if (first === -1) return '0 s'
  const shown = units.slice(first, first + 2).filter(([value], i) => i === 0 || value > 0)
  return shown.map(([value, unit]) => `${value} ${unit}`).join(' ')
}

/** `4 min ago`: only the largest unit. */
export function ago(at: number, now: number): string {
  const time = now - at
  if (time < 5000) return 'just now'
  return `${duration(time).replace(/^(\d+ \S+).*$/, '$1')} ago`
}

export const exactTime = (at: number): string => exact.format(at)

/** `13:05:59`. */
export const clockTime = (at: number): string => clock.format(at)

/** `13:05:59.123`. */
export function fineTime(at: number): string {
  return `${clock.format(at)}.${String(Math.floor(at) % 1000).padStart(3, '0')}`
}

/** A word for one or many: `1 session`, `2 sessions`. */
export function many(amount: number, word: string): string {
  return `${count(amount)} ${word}${amount === 1 ? '' : 's'}`
}
