import { useEffect } from 'preact/hooks'
import { Dialog } from './parts/dialog.tsx'
import { go, placeOf } from './state/route.ts'
import { VIEWS } from './views/views.ts'

const KEYS = [
  ['/', 'search or filter'],
  ['↑ ↓', 'go through a list; Page Up, Page Down, Home and End as well'],
  ['Enter', 'open the details of a row'],
  ['Esc', 'close what is open, or clear a search'],
  ['Ctrl Enter', 'run what is in the console'],
  ['?', 'these keys'],
] as const

/** Keys that lead somewhere, while nobody types. */
export function useShortcuts(areOn: boolean, onHelp: () => void): void {
  useEffect(() => {
    if (!areOn) return
    const onKeyDown = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      const isTyping = target.matches('input, textarea, select')
      const isOther = event.ctrlKey || event.metaKey || event.altKey
      if (isTyping || isOther || document.querySelector('dialog[open]') !== null) return
      const view = VIEWS[Number(event.key) - 1]
      const field = document.querySelector<HTMLElement>('main .search input, main [data-first]')
      if (event.key === '?') onHelp()
      else if (event.key === '/' && field !== null) field.focus()
      else if (view !== undefined) go(placeOf(view.name))
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [areOn, onHelp])
}

export function Shortcuts({ onClose }: { onClose(): void }) {
  const views = VIEWS.map(({ title }, i) => [String(i + 1), title] as const)
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl class="keys">
        {[...KEYS, ...views].map(([key, text]) => (
          <div key={key}>
            <dt>
              {key.split(' ').map(one => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <div class="actions">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  )
}
