import { overview } from '../state/overview.ts'
import { useRealms } from '../state/realms.ts'
import { refine, route } from '../state/route.ts'
import { isTracing, startTrace } from '../state/trace.ts'

const NAMES = [
  ...['realm', 'session', 'authid', 'authrole', 'uri', 'match'],
  ...['types', 'direction', 'payload'],
] as const
type Name = (typeof NAMES)[number]

/** What the address says is to be traced. */
export function filtersOf(): Record<string, string> {
  const { query } = route.value
  return Object.fromEntries(
    NAMES.flatMap(name => (query[name] === undefined ? [] : [[name, query[name]]])),
  )
}

/**
 * Chooses what is traced; changes take effect at the next start, or at once while a trace runs. On a narrow
 * screen it may be folded away.
 */
export function TraceFilters({ isOn, isAway }: { isOn: boolean; isAway: boolean }) {
  const { query } = route.value
  const realms = useRealms().data?.rows ?? []
  const change = (name: Name) => (event: { currentTarget: { value: string } }) => {
    refine({ [name]: event.currentTarget.value.trim() })
    if (isTracing.value) void startTrace(filtersOf())
  }
  const text = (name: Name, label: string, placeholder = 'any') => (
    <label>
      {label}
      <input
        value={query[name] ?? ''}
        placeholder={placeholder}
        spellcheck={false}
        inputMode={name === 'session' ? 'numeric' : 'text'}
        onChange={change(name)}
      />
    </label>
  )
  const choice = (name: Name, label: string, options: readonly (readonly [string, string])[]) => (
    <label>
      {label}
      <select value={query[name] ?? ''} onChange={change(name)}>
        {options.map(([value, text]) => (
          <option value={value} key={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
  return (
    <form
      class={isAway ? 'filters card away' : 'filters card'}
      aria-label="What is traced"
      onSubmit={event => {
        event.preventDefault()
        if (!isOn) void startTrace(filtersOf())
      }}
    >
      {choice('realm', 'Realm', [['', 'all'], ...realms.map(({ name }) => [name, name] as const)])}
      <label class="wide">
        URI
        <input
          data-first
          value={query.uri ?? ''}
          placeholder="any topic or procedure"
          spellcheck={false}
          onChange={change('uri')}
        />
      </label>
      {choice('match', 'Match', [
        ['', 'exact'],
        ['prefix', 'prefix'],
        ['wildcard', 'wildcard'],
      ])}
      {choice('direction', 'Direction', [
        ['', 'both'],
        ['received', 'received'],
        ['sent', 'sent'],
      ])}
      <Types chosen={query.types ?? ''} onChange={change('types')} />
      {text('session', 'Session')}
      {text('authid', 'Authid')}
      {text('authrole', 'Role')}
      {choice('payload', 'Payload', [
        ['', 'short'],
        ['full', 'full'],
        ['none', 'none'],
      ])}
    </form>
  )
}

interface TypesShown {
  readonly chosen: string
  onChange(event: { currentTarget: { value: string } }): void
}

function Types({ chosen, onChange }: TypesShown) {
  const { received = {}, sent = {} } = overview.value ?? {}
  const all = Object.keys({ ...received, ...sent })
  const types = chosen === '' ? [] : chosen.split(',')
  const title = types.length === 0 ? 'all' : types.length === 1 ? types[0] : `${types.length} types`
  const set = (wanted: readonly string[]) =>
    onChange({ currentTarget: { value: wanted.join(',') } })
  return (
    <div class="labelled">
      <span id="types-label">Types</span>
      <details
        class="pick"
        onKeyDown={event => {
          if (event.key !== 'Escape' || !event.currentTarget.open) return
          event.stopPropagation()
          event.currentTarget.open = false
          event.currentTarget.querySelector('summary')?.focus()
        }}
      >
        <summary aria-labelledby="types-label types-chosen">
          <span id="types-chosen">{title}</span>
        </summary>
        <div class="card">
          {all.map(type => (
            <label class="check" key={type}>
              <input
                type="checkbox"
                checked={types.includes(type)}
                onChange={event =>
                  set(
                    event.currentTarget.checked
                      ? [...types, type]
                      : types.filter(other => other !== type),
                  )
                }
              />
              <code>{type}</code>
            </label>
          ))}
          {types.length > 0 && (
            <button type="button" onClick={() => set([])}>
              All
            </button>
          )}
        </div>
      </details>
    </div>
  )
}
