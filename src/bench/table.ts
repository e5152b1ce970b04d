import { printable } from '../config/problem.ts'
import type { Figures, Plan } from './run.ts'

/** From this share of a core on a client has no time left. */
const BUSY = 0.9

/** Figures for people, in lines. */
export function table(plan: Plan, serializer: string, router: string, figures: Figures): string {
  const { latency, throughput, client, router_cpu: cpu, first_error: error, unsent } = figures
  const isRpc = plan.scenario === 'rpc'
  const late = `sent ${time(client.late_p99)} late at p99, ${time(client.late_max)} at most`
  const rows = [
    [`${plan.scenario}:`, `${setting(plan, serializer)}; ${router}`],
    ['latency', latencyText(latency)],
    ['throughput', `${throughput} ${isRpc ? 'calls' : 'events'}/s`],
    ['faults', faultsText(figures)],
    ...(error === undefined ? [] : [['', `the first error is ${printable(error)}`]]),
    ...(unsent === 0 ? [] : [['not sent', `${unsent}: the router takes less than that rate`]]),
    ...(cpu === undefined
      ? []
      : [
          [
            'router',
            `${cpu.us_per_message.toFixed(2)} µs of CPU per ${isRpc ? 'call' : 'event'}, ${percent(cpu.share)} of a core`,
          ],
        ]),
    ['client', `${percent(client.share)} of a core, ${late}`],
    // A paced client waits awake, so its share says nothing.
    ...(plan.window !== undefined && client.share > BUSY
      ? [['', 'the client is the limit: the router can do more']]
      : []),
  ]
  return rows.map(([left = '', right]) => `${left.padEnd(12)}${right}\n`).join('')
}

function setting({ scenario, shape, rate, window, seconds }: Plan, serializer: string): string {
  const { connections, subscribers, payload } = shape
  const who = {
    rpc: count(connections, 'caller'),
    pubsub: `1 publisher, ${count(subscribers, 'subscriber')}`,
    pairs: count(connections, 'pair'),
  }
  const pace = rate === undefined ? `${window} in flight for each` : `${rate}/s`
  return `${who[scenario]}, ${pace}, ${seconds} s, ${serializer}, payload of ${payload} bytes`
}

function latencyText(latency: Figures['latency']): string {
  const names = { p50: 'p50', p90: 'p90', p99: 'p99', p999: 'p99.9', max: 'max' } as const
  const keys = Object.keys(names) as (keyof typeof names)[]
  return keys.map(key => `${names[key]} ${time(latency[key])}`).join(', ')
}

function faultsText({ lost, duplicates, disordered, errors, wrong }: Figures): string {
  const counts = { lost, duplicates, 'out of order': disordered, errors, wrong }
  const found = Object.entries(counts).filter(([, count]) => count > 0)
  return found.map(([what, count]) => `${count} ${what}`).join(', ') || 'none'
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

/** µs, in a unit that reads well. */
function time(us: number): string {
  if (us < 1000) return `${us} µs`
  return us < 1e6 ? `${(us / 1000).toPrecision(3)} ms` : `${(us / 1e6).toPrecision(3)} s`
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
