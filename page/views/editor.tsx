import { useId } from 'preact/hooks'
import { faultOfJson } from '../state/console.ts'

interface Shown {
  readonly name: string
  readonly kind: 'array' | 'object'
  readonly text: string
  onInput(text: string): void
}

/** A field for JSON, which says what is wrong while it is typed. */
export function Editor({ name, kind, text, onInput }: Shown) {
  const id = useId()
  const fault = faultOfJson(text, kind)
  const lines = Math.min(14, Math.max(2, text.split('\n').length))
  return (
    <div class="field">
      <div class="editor-head">
        <label for={id}>
          {name} <span class="soft">JSON {kind === 'array' ? 'list' : 'object'}</span>
        </label>
        <button
          type="button"
          class="plain small"
          disabled={fault !== '' || text.trim() === ''}
          aria-label={`Format ${name}`}
          onClick={() => onInput(JSON.stringify(JSON.parse(text), null, 2))}
        >
          Format
        </button>
      </div>
      <textarea
        id={id}
        class="mono"
        rows={lines}
        value={text}
        spellcheck={false}
        autoCapitalize="off"
        aria-invalid={fault !== ''}
        aria-describedby={`${id}-fault`}
        onInput={event => onInput(event.currentTarget.value)}
      />
      <p id={`${id}-fault`} class="fault">
        {fault}
      </p>
    </div>
  )
}
