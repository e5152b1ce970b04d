import { useEffect, useState } from 'preact/hooks'
import { Icon } from './parts/icon.tsx'
import { reach } from './state/api.ts'
import { overview, retry, triedAt } from './state/overview.ts'

/** Says that the router is gone, or goes. */
export function Banner() {
  const isGone = reach.value === 'gone'
  const { state = 'running' } = overview.value ?? {}
  return (
    <div class="banners" role="alert">
      {isGone && (
        <p class="banner bad">
          <Icon name="warning" />
          <span>
            The router at {location.host} does not answer. What is shown is as it was. <Countdown />
          </span>
          <button type="button" onClick={retry}>
            Try now
          </button>
        </p>
      )}
      {!isGone && state !== 'running' && (
        <p class="banner warn">
          <Icon name="warning" />
          <span>The router is {state}: it takes no new sessions.</span>
        </p>
      )}
    </div>
  )
}

function Countdown() {
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => tick(Date.now()), 500)
    return () => clearInterval(timer)
  }, [])
  const left = Math.ceil(((triedAt.value ?? 0) - Date.now()) / 1000)
  // A reader of the page aloud is not told of every second.
  return <span aria-hidden="true">{left > 0 ? `Trying again in ${left} s.` : 'Trying …'}</span>
}
