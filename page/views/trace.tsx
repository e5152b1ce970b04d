import { useState } from 'preact/hooks'
import { download } from '../parts/download.ts'
import { bytes, count, fineTime, milliseconds } from '../parts/format.ts'
import { Head } from '../parts/head.tsx'
import { Icon } from '../parts/icon.tsx'
import { type Column, rowsOf, Table } from '../parts/table.tsx'
import {
  clearTrace,
  dropped,
  isKin,
  isTracing,
  lines,
  MOST,
  seen,
  startTrace,
  stopTrace,
  type Traced,
  whyEnded,
} from '../state/trace.ts'
import { filtersOf, TraceFilters } from './trace-filters.tsx'
import { LineDrawer } from './trace-line.tsx'

const COLUMNS: readonly Column<Traced>[] = [
  {
    label: 'Time',
    width: '7rem',
    card: 'aside',
    cell: ({ time }) => <code class="soft">{fineTime(time)}</code>,
  },
  {
    label: 'Message',
    width: '10rem',
    card: 'title',
    cell: ({ direction, type }) => (
      <span class={`message ${direction}`}>
        <Icon name={direction} />
        <span class="unseen">{direction}</span>
        <b>{type}</b>
      </span>
    ),
  },
  {
    label: 'Session',
    width: 'minmax(7rem, 1fr)',
    card: 'more',
    cell: ({ authid, session, remote }) => (
      <span title={`session ${session ?? '–'}, ${remote || 'in-process'}`}>
        {authid ?? session ?? remote}
      </span>
    ),
  },
  {
    label: 'URI',
    width: 'minmax(10rem, 2fr)',
    card: 'text',
    cell: ({ uri, reason }) => (
      <code title={reason ?? uri}>
        {uri ?? ''} {reason !== undefined && <span class="bad">{reason}</span>}
      </code>
    ),
  },
  {
    label: 'Payload',
    width: 'minmax(10rem, 3fr)',
    cell: line => {
      const text = [line.args, line.kwargs].filter(part => part !== undefined).join(' ')
      return (
        <code class="soft" title={text.slice(0, 500)}>
          {text.slice(0, 200)}
        </code>
      )
    },
  },
  {
    label: 'Size',
    width: '5rem',
    isNumber: true,
    cell: line => (line.bytes === 0 ? '–' : bytes(line.bytes)),
  },
  {
    label: 'Took',
    width: '5.500rem',
    isNumber: true,
    cell: ({ took }) => (took === undefined ? '' : milliseconds(took)),
  },
]

/** Messages as they pass. */
export function TraceView() {
  const [opened, open] = useState<Traced | null>(null)
  const [follows, follow] = useState(true)
  const [filters, showFilters] = useState(false)
  const isOn = isTracing.value
  const shown = lines.value
  return (
    <>
      <Head title="Trace" note={<Note />}>
        <button
          type="button"
          class="unfolds"
          aria-expanded={filters}
          onClick={() => showFilters(!filters)}
        >
          Filters
        </button>
        <label class="check">
          <input
            type="checkbox"
            checked={follows}
            onChange={event => follow(event.currentTarget.checked)}
          />
          Follow
        </label>
        <button type="button" disabled={shown.length === 0} onClick={clearTrace}>
          Clear
        </button>
        <button type="button" disabled={shown.length === 0} onClick={save} aria-label="Download">
          <Icon name="download" />
          <span class="spelled">Download</span>
        </button>
        {isOn ? (
          <button type="button" class="primary" onClick={stopTrace}>
            <Icon name="stop" />
            Stop
          </button>
        ) : (
          <button type="button" class="primary" onClick={() => void startTrace(filtersOf())}>
            <Icon name="play" />
            Start
          </button>
        )}
      </Head>
      <TraceFilters isOn={isOn} isAway={!filters} />
      <p class="fault" role="alert">
        {whyEnded.value && `The trace has ended: ${whyEnded.value}`}
      </p>
      <div class="beside">
        <Table
          label="Messages"
          columns={COLUMNS}
          rows={rowsOf(shown)}
          follows={isOn && follows && opened === null}
          isSelected={(line: Traced) => isKin(line, opened)}
          isFaulty={({ type }) => type === 'ERROR' || type === 'ABORT'}
          onOpen={line => open(line)}
          empty={
            <p>
              {isOn
                ? 'No message has passed yet.'
                : 'A trace shows the messages between the router and its clients. Narrow it down above, then start it.'}
            </p>
          }
        />
        {opened !== null && (
          <LineDrawer key={opened.n} line={opened} onOpen={open} onClose={() => open(null)} />
        )}
      </div>
    </>
  )
}

function Note() {
  if (seen.value === 0) return null
  return (
    <>
      <span>{count(seen.value)} messages</span>
      {seen.value > MOST && <span>the last {count(MOST)} are kept</span>}
      {dropped.value > 0 && (
        <span class="bad">{count(dropped.value)} left out: too many at a time</span>
      )}
    </>
  )
}

function save(): void {
  const text = lines.value.map(({ n: _, ...line }) => `${JSON.stringify(line)}\n`).join('')
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-')
  download(`trace-${time}.ndjson`, 'application/x-ndjson', text)
}
