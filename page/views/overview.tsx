import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { Overview } from '../../src/admin/operations/router.ts'
import { Chart } from '../parts/chart.tsx'
import * as format from '../parts/format.ts'
import { Head } from '../parts/head.tsx'
import { now } from '../parts/time.tsx'
import { latest, overview, samples } from '../state/overview.ts'
import { quantile, type Sample } from '../state/rates.ts'
import { placeOf } from '../state/route.ts'
import { CountersCard, TypesCard } from './overview-tables.tsx'

/** What charts may show, in minutes. */
const SPANS = [1, 5, 15]
/** So many samples together are one point of the latency charts. */
const WINDOW = 10

/** What the router does now, and did of late. */
export function OverviewView() {
  const [minutes, show] = useState(5)
  const facts = overview.value
  return (
    <>
      <Head title="Overview" note={facts && <About facts={facts} />}>
        <fieldset class="segments">
          <legend class="unseen">Time that is shown</legend>
          {SPANS.map(span => (
            <label key={span}>
              <input
                type="radio"
                name="span"
                checked={span === minutes}
                onChange={() => show(span)}
              />
              <span>{span} min</span>
            </label>
          ))}
        </fieldset>
      </Head>
      {facts === null ? (
        <div class="tiles" aria-busy="true">
          {Array.from({ length: 8 }, (_, i) => (
            <i class="card tile bone" key={i} />
          ))}
        </div>
      ) : (
        <>
          <Tiles facts={facts} />
          <Charts minutes={minutes} />
          <div class="halves">
            <CountersCard facts={facts} />
            <TypesCard facts={facts} />
          </div>
        </>
      )}
    </>
  )
}

function About({ facts }: { facts: Overview }) {
  const { version, node, pid, started, listening } = facts
  const start = Date.parse(started)
  return (
    <>
      <span title={`since ${format.exactTime(start)}`}>
        up {format.duration(Math.max(now.value, facts.now) - start)}
      </span>
      <span title={`Node.js ${node}, process ${pid}`}>version {version}</span>
      {listening.map(({ url, transport }) => (
        <span key={url} title={transport}>
          <code>{url}</code>
        </span>
      ))}
    </>
  )
}

function Tiles({ facts }: { facts: Overview }) {
  const { sessions, connections, calls, queued, memory, loopDelay, realms } = facts
  const { registrations, subscriptions } = facts
  const cpu = latest.value?.cpu
  const { limit } = memory
  return (
    <div class="tiles">
      <Tile
        name="Sessions"
        to={placeOf('sessions')}
        value={format.count(sessions)}
        note={format.many(connections, 'connection')}
      />
      <Tile
        name="Realms"
        to={placeOf('realms')}
        value={format.count(realms)}
        note={`${format.brief(subscriptions)} subscriptions, ${format.brief(registrations)} registrations`}
      />
      <Tile name="Open calls" value={format.count(calls)} note="not answered yet" />
      <Tile
        name="Queued"
        to={placeOf('slow')}
        value={format.bytes(queued)}
        note="wait for readers"
        kind={queued > 64e6 ? 'warn' : ''}
      />
      <Tile
        name="Memory"
        value={format.bytes(memory.rss)}
        note={`of ${format.bytes(limit)}`}
        share={memory.rss / limit}
        kind={memory.rss > 0.85 * limit ? 'warn' : ''}
      />
      <Tile
        name="Event loop delay"
        value={format.milliseconds(loopDelay.p99)}
        note={`p99; p50 ${format.milliseconds(loopDelay.p50)}`}
        kind={loopDelay.p99 > 100 ? 'warn' : ''}
      />
      <Tile
        name="Processor"
        value={cpu === undefined ? '–' : format.percent(cpu)}
        note="of one core"
        share={cpu === undefined ? undefined : Math.min(1, cpu)}
        kind={cpu !== undefined && cpu > 0.9 ? 'warn' : ''}
      />
    </div>
  )
}

interface TileShown {
  readonly name: string
  readonly value: string
  readonly note: ComponentChildren
  readonly to?: string
  /** Of a whole, 0 to 1. */
  readonly share?: number | undefined
  readonly kind?: '' | 'warn'
}

function Tile({ name, value, note, to, share, kind = '' }: TileShown) {
  return (
    <div class={`card tile ${kind}`}>
      <h2>{to === undefined ? name : <a href={to}>{name}</a>}</h2>
      <p class="value">{value}</p>
      <p class="note">{note}</p>
      {share !== undefined && (
        <span class="share" aria-hidden="true">
          <i style={{ width: `${Math.min(100, share * 100)}%` }} />
        </span>
      )}
    </div>
  )
}

function Charts({ minutes }: { minutes: number }) {
  const shown = samples.value.slice(-minutes * 60)
  const times = shown.map(({ at }) => at)
  const span = minutes * 60_000
  const line = (label: string, color: string, of: (sample: Sample) => number | null) => {
    return { label, color, values: shown.map(of) }
  }
  const latencies = (what: 'call' | 'delivery') =>
    [0.5, 0.99].map((of, i) => ({
      label: i === 0 ? 'p50' : 'p99',
      color: i === 0 ? '--p50' : '--p99',
      values: shown.map((_, at) => {
        const together = shown.slice(Math.max(0, at + 1 - WINDOW), at + 1)
        return quantile(
          of,
          together.map(sample => sample[what]),
        )
      }),
    }))
  return (
    <div class="charts">
      <Chart
        title="Messages"
        lines={[line('in', '--in', s => s.received), line('out', '--out', s => s.sent)]}
        format={format.rate}
        {...{ times, span }}
      />
      <Chart
        title="Bytes"
        lines={[line('in', '--in', s => s.bytesReceived), line('out', '--out', s => s.bytesSent)]}
        format={format.bytesRate}
        {...{ times, span }}
      />
      <Chart
        title="Call latency"
        lines={latencies('call')}
        format={format.latency}
        empty="No call was answered in this time."
        {...{ times, span }}
      />
      <Chart
        title="Delivery latency"
        lines={latencies('delivery')}
        format={format.latency}
        empty="No event was delivered in this time."
        {...{ times, span }}
      />
    </div>
  )
}
