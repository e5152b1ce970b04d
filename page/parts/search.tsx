import { Icon } from './icon.tsx'

interface Shown {
  readonly label: string
  readonly placeholder: string
  readonly value: string
  onInput(value: string): void
}

/** `/` leads to it. */
export function Search({ label, placeholder, value, onInput }: Shown) {
  return (
    <label class="search">
      <Icon name="search" />
      <span class="unseen">{label}</span>
      <input
        type="search"
        maxLength={200}
        placeholder={placeholder}
        value={value}
        onInput={event => onInput(event.currentTarget.value)}
        onKeyDown={event => {
          if (event.key !== 'Escape') return
          event.stopPropagation()
          if (value === '') event.currentTarget.blur()
          onInput('')
        }}
      />
      <span class="slash" aria-hidden="true">
        /
      </span>
    </label>
  )
}
