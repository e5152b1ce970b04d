import { milliseconds } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { Time } from '../parts/time.tsx'
import { type Draft, draft, EMPTY, keepPast, type Past, past } from '../state/console.ts'

/** Requests of the past: to be taken up again, or sent as they were. */
export function History({ onRun }: { onRun(one: Draft): void }) {
  const requests = past.value
  return (
    <section class="card history" aria-labelledby="history">
      <div class="editor-head">
        <h2 id="history">History</h2>
        {requests.length > 0 && (
          <button type="button" class="plain small" onClick={() => keepPast([])}>
            Clear
          </button>
        )}
      </div>
      {requests.length === 0 && <p class="empty">Requests are kept in this browser.</p>}
      <ul>
        {requests.map(one => (
          <li key={one.at}>
            <button
              type="button"
              class="plain"
              title="Take it up again"
              onClick={() => {
                draft.value = draftOf(one)
              }}
            >
              <span class="tag">{one.kind}</span>
              <code>{one.uri}</code>
              <span class="soft">
                <i class={`dot ${one.error === '' ? 'good' : 'bad'}`} aria-hidden="true" />
                {one.error === '' ? milliseconds(one.took) : one.error} · {one.realm} ·{' '}
                <Time at={one.at} />
              </span>
            </button>
            <button
              type="button"
              class="plain"
              aria-label={`Run ${one.kind} ${one.uri} again`}
              title="Run again"
              onClick={() => {
                draft.value = draftOf(one)
                onRun(draftOf(one))
              }}
            >
              <Icon name="again" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function draftOf(one: Past): Draft {
  const keys = Object.keys(EMPTY) as (keyof Draft)[]
  return Object.fromEntries(keys.map(key => [key, one[key]])) as unknown as Draft
}
