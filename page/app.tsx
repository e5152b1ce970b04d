import { useEffect, useRef, useState } from 'preact/hooks'
import { Banner } from './banner.tsx'
import { Navigation } from './navigation.tsx'
import { Notice } from './parts/notice.tsx'
import { Shortcuts, useShortcuts } from './shortcuts.tsx'
import { SignIn } from './sign-in.tsx'
import { overview } from './state/overview.ts'
import { route } from './state/route.ts'
import { token, whyOut } from './state/token.ts'
import { VIEWS } from './views/views.ts'

/** All of it. Where a token is no longer taken, what was there waits behind the form; who leaves, leaves it. */
export function App() {
  const isIn = token.value !== null
  const wasIn = useRef(isIn)
  wasIn.current = isIn || (wasIn.current && whyOut.value !== 'left')
  return (
    <>
      {wasIn.current && <Inside isIn={isIn} />}
      {!isIn && <SignIn />}
    </>
  )
}

function Inside({ isIn }: { isIn: boolean }) {
  const [helps, help] = useState(false)
  useShortcuts(isIn, () => help(true))
  const main = useRef<HTMLElement>(null)
  const { view } = route.value
  const found = VIEWS.find(({ name }) => name === view)
  const title = found?.title ?? 'Not found'
  useEffect(() => {
    document.title = `${title} · wampd`
  }, [title])
  return (
    <div class="app" inert={!isIn}>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <Navigation onHelp={() => help(true)} />
      <main id="main" ref={main} tabIndex={-1} class={`view-${view}`}>
        <Banner />
        {found === undefined ? <NotFound /> : <found.Shown key={view} />}
      </main>
      <Notice />
      {helps && <Shortcuts onClose={() => help(false)} />}
      <p class="unseen" role="status">
        {overview.value === null ? 'loading' : title}
      </p>
    </div>
  )
}

function NotFound() {
  return (
    <div class="card empty">
      <p>There is no such view.</p>
      <a href="#/overview">Go to the overview</a>
    </div>
  )
}
