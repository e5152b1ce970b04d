import { useEffect, useState } from 'preact/hooks'
import { duration } from './parts/format.ts'
import { Icon } from './parts/icon.tsx'
import { now } from './parts/time.tsx'
import { reach } from './state/api.ts'
import { overview } from './state/overview.ts'
import { placeOf, route } from './state/route.ts'
import { theme, toggleTheme } from './state/theme.ts'
import { leave } from './state/token.ts'
import { VIEWS } from './views/views.ts'

/** Leads to the views; on a narrow screen it is folded away. */
export function Navigation({ onHelp }: { onHelp(): void }) {
  const [isUnfolded, unfold] = useState(false)
  const { view } = route.value
  useEffect(() => {
    if (!isUnfolded) return
    const onKeyDown = (event: KeyboardEvent) => event.key === 'Escape' && unfold(false)
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [isUnfolded])
  const title = VIEWS.find(({ name }) => name === view)?.title ?? ''
  return (
    <header class={isUnfolded ? 'side unfolded' : 'side'}>
      <div class="brand">
        <img src="icon.svg" width={26} height={26} alt="" />
        <span class="name">wampd</span>
        <span class="where" aria-hidden="true">
          {title}
        </span>
        <State />
        <button
          type="button"
          class="plain fold"
          aria-expanded={isUnfolded}
          aria-controls="navigation"
          aria-label="Views"
          onClick={() => unfold(!isUnfolded)}
        >
          <Icon name={isUnfolded ? 'close' : 'menu'} />
        </button>
      </div>
      <div class="folded" id="navigation">
        <nav aria-label="Views">
          <ul>
            {VIEWS.map(({ name, title }) => (
              <li key={name}>
                <a
                  href={placeOf(name)}
                  aria-current={name === view ? 'page' : undefined}
                  onClick={() => unfold(false)}
                >
                  <Icon name={name} />
                  <span>{title}</span>
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="tools">
          <button
            type="button"
            class="plain"
            onClick={toggleTheme}
            aria-label={`Theme: ${theme.value}`}
            title={`Theme: ${theme.value}`}
          >
            <Icon name={theme.value} />
          </button>
          <button
            type="button"
            class="plain"
            onClick={onHelp}
            aria-label="Keyboard shortcuts (?)"
            title="Keyboard shortcuts (?)"
          >
            <Icon name="keys" />
          </button>
          <button
            type="button"
            class="plain"
            onClick={() => leave('left')}
            aria-label="Sign out"
            title="Sign out"
          >
            <Icon name="leave" />
          </button>
        </div>
      </div>
    </header>
  )
}

/** A light that tells whether all is well. */
function State() {
  const { state, started, version } = overview.value ?? {}
  const isGone = reach.value === 'gone'
  const kind = isGone ? 'bad' : state === undefined ? '' : state === 'running' ? 'good' : 'warn'
  const word = isGone ? 'does not answer' : (state ?? 'loading')
  const up = started === undefined ? '' : duration(now.value - Date.parse(started))
  const title = version === undefined ? '' : `version ${version}, up ${up}`
  return (
    <span class={`state ${kind}`} title={title}>
      <i aria-hidden="true" />
      {word}
    </span>
  )
}
