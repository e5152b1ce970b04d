import type { RealmRow } from '../../admin/operations/realms.ts'
import { ageOf, type Cells, columns, shown } from '../columns.ts'
import type { Figures, Flow, Timing } from './sample.ts'
import type { Sort } from './sorts.ts'

/** A line of a screen, and how it stands out. */
export interface Line {
  readonly text: string
  readonly style?: 'bold' | 'inverse' | 'yellow' | 'dim'
}

export interface Frame {
  readonly sort: Sort
  readonly width: number
  /** Lines that there is room for. */
  readonly height: number
}

/** All figures, in no more lines than there is room for. */
export function linesOf(figures: Figures, { sort, width, height }: Frame): Line[] {
  const head = headOf(figures, width)
  const room = Math.max(0, height - head.length)
  const { slow } = figures
  const forSlow = slow.length === 0 ? 0 : Math.min(slow.length + 2, Math.max(3, room >> 1))
  const realms = [...figures.realms].sort(orders[sort]).slice(0, Math.max(0, room - forSlow - 2))
  const lines = [
    ...head,
    ...tableOf('realm', REALM_HEADING, realms.map(realmCells), width),
    ...(forSlow === 0
      ? []
      : tableOf(
          'slow session',
          SLOW_HEADING,
          slow.slice(0, forSlow - 2).map(({ session, realm, authid, peer, waiting }) => {
            return [String(session), shown(realm), shown(authid), peer, bytesText(waiting)]
          }),
          width,
        )),
  ]
  return lines.slice(0, height)
}

function headOf(figures: Figures, width: number): Line[] {
  const { version, state, ready, pid, started, node, received, sent, call, delivery } = figures
  const { cpu, loopDelay, memory, queued, counters } = figures
  const age = ageOf(Date.parse(started), Date.parse(figures.time))
  const flow = ({ messages, bytes }: Flow) => [
    rateText(messages).padStart(10),
    bytesText(bytes).padStart(7),
  ]
  const timing = ({ rate, p50, p99 }: Timing) =>
    [rateText(rate), timeText(p50), timeText(p99)].map(text => text.padStart(7))
  const rates: Cells[] = [
    ['', 'messages/s', 'bytes/s', '', ' each/s', '    p50', '    p99'],
    ['received', ...flow(received), 'calls', ...timing(call)],
    ['sent', ...flow(sent), 'deliveries', ...timing(delivery)],
  ]
  const { p50, p99, max } = loopDelay
  const has = (['sessions', 'connections', 'subscriptions', 'registrations', 'calls'] as const).map(
    what => `${countText(figures[what])} ${what}`,
  )
  const facts = [
    has.join(', ').replace(/calls$/, 'open calls'),
    `cpu ${Math.round(cpu * 100)} %, event loop late by ${[p50, p99, max].map(ms => timeText(ms / 1000)).join(' / ')} (p50, p99, max)`,
    `memory ${bytesText(memory.rss)} of ${bytesText(memory.limit)}, heap ${bytesText(memory.heap)}; ${bytesText(queued)} wait for readers`,
    `in: ${typesText(received.byType)}`,
    `out: ${typesText(sent.byType)}`,
  ]
  const troubles = Object.entries(counters).map(
    ([name, count]) => `${name.replaceAll('_', ' ')} +${countText(count)}`,
  )
  const short = (text: string) => columns([[text]], width)
  return [
    {
      text: short(
        `wampd ${version}, process ${pid}, ${state}${ready ? '' : ', takes no new sessions'}, for ${age}, Node ${node}`,
      ),
      style: ready ? 'bold' : 'yellow',
    },
    { text: '' },
    ...columns(rates, width)
      .split('\n')
      .map((text): Line => ({ text })),
    { text: '' },
    ...facts.map(text => ({ text: short(text) })),
    ...(troubles.length === 0
      ? []
      : [{ text: short(`since top began: ${troubles.join(', ')}`), style: 'yellow' } as const]),
  ]
}

const REALM_HEADING = ['sessions', 'subscriptions', 'registrations', 'calls', 'refused']
const SLOW_HEADING = ['realm', 'authid', 'peer', 'waiting']

function realmCells(row: RealmRow): Cells {
  const { name, sessions, subscriptions, registrations, calls, refused } = row
  return [shown(name), sessions, subscriptions, registrations, calls, refused]
}

const orders: Readonly<Record<Sort, (a: RealmRow, b: RealmRow) => number>> = {
  name: (a, b) => (a.name < b.name ? -1 : 1),
  sessions: (a, b) => b.sessions - a.sessions,
  subscriptions: (a, b) => b.subscriptions - a.subscriptions,
  registrations: (a, b) => b.registrations - a.registrations,
  calls: (a, b) => b.calls - a.calls,
  refused: (a, b) => b.refused - a.refused,
}

function tableOf(what: string, heading: readonly string[], rows: Cells[], width: number): Line[] {
  const [first = '', ...others] = columns([[what, ...heading], ...rows], width).split('\n')
  return [
    { text: '' },
    { text: Number.isFinite(width) ? first.padEnd(width) : first, style: 'inverse' },
    ...others.map(text => ({ text })),
  ]
}

function typesText(byType: Readonly<Record<string, number>>): string {
  const all = Object.entries(byType).map(([type, rate]) => `${type} ${rateText(rate)}`)
  return all.length === 0 ? 'nothing' : all.join(', ')
}

/** The columns of lines that follow each other, and the width of each. */
const SHORT: readonly (readonly [string, number, (figures: Figures) => string])[] = [
  ['time', 8, ({ time }) => time.slice(11, 19)],
  ['sessions', 8, ({ sessions }) => countText(sessions)],
  ['calls', 6, ({ calls }) => countText(calls)],
  ['in/s', 8, ({ received }) => rateText(received.messages)],
  ['out/s', 8, ({ sent }) => rateText(sent.messages)],
  ['p50', 7, ({ call }) => timeText(call.p50)],
  ['p99', 7, ({ call }) => timeText(call.p99)],
  ['loop p99', 8, ({ loopDelay }) => timeText(loopDelay.p99 / 1000)],
  ['cpu', 5, ({ cpu }) => `${Math.round(cpu * 100)} %`],
  ['memory', 8, ({ memory }) => bytesText(memory.rss)],
  ['waiting', 8, ({ queued }) => bytesText(queued)],
]

export const shortHeading = SHORT.map(([name, width]) => name.padStart(width)).join(' ')

/** The figures that matter most, below `shortHeading`. */
export function shortLine(figures: Figures): string {
  return SHORT.map(([, width, text]) => text(figures).padStart(width)).join(' ')
}

function countText(count: number): string {
  return Math.round(count).toLocaleString('en')
}

function rateText(rate: number): string {
  return rate > 0 && rate < 10 ? rate.toFixed(1) : countText(rate)
}

/** Of seconds, or a dash where there are none. */
function timeText(seconds: number | null): string {
  if (seconds === null) return '-'
  if (seconds >= 1) return `${seconds.toFixed(1)} s`
  const ms = seconds * 1000
  return ms < 1 ? `${Math.round(ms * 1000)} µs` : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
}

const BYTE_UNITS = ['kB', 'MB', 'GB', 'TB']

function bytesText(bytes: number): string {
  let [size, unit] = [bytes, 'B']
  for (const next of BYTE_UNITS) {
    if (size < 1000) break
    size /= 1000
    unit = next
  }
  return `${size < 10 && unit !== 'B' ? size.toFixed(1) : Math.round(size)} ${unit}`
}
