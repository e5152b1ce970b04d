import { useEffect, useRef, useState } from 'preact/hooks'
import { Icon } from './parts/icon.tsx'
import { ask, Refusal, Unreachable } from './state/api.ts'
import { enter, whyOut } from './state/token.ts'

const WHY = {
  none: 'Open the link that the router prints at its start, or enter the token that is behind its #.',
  refused:
    'The router does not take the token (any more). A router without a token in its configuration makes ' +
    'another one at each start. What you had open waits behind this form.',
  left: 'You have signed out in this tab.',
}

/** Asks for the token. */
export function SignIn() {
  const input = useRef<HTMLInputElement>(null)
  const [text, type] = useState('')
  const [fault, say] = useState('')
  const [isBusy, wait] = useState(false)
  const why = whyOut.value
  useEffect(() => input.current?.focus(), [])

  const submit = async (event: Event) => {
    event.preventDefault()
    // Who pastes the whole link is understood.
    const given = text.trim().replace(/^.*#/, '')
    if (given === '') {
      say('Enter the token.')
      return
    }
    wait(true)
    say(await faultOf(given))
    wait(false)
    input.current?.select()
  }
  return (
    <div class="sign-in">
      <form class="card" onSubmit={submit} aria-labelledby="sign-in">
        <img src="icon.svg" width={44} height={44} alt="" />
        <h1 id="sign-in">{why === 'refused' ? 'The token is not taken' : 'Sign in to wampd'}</h1>
        <p>{WHY[why]}</p>
        <label>
          Token, or the whole link
          <input
            ref={input}
            type="password"
            autoComplete="current-password"
            value={text}
            aria-invalid={fault !== ''}
            aria-describedby="sign-in-fault"
            onInput={event => type(event.currentTarget.value)}
          />
        </label>
        <p id="sign-in-fault" class="fault" role="alert">
          {fault}
        </p>
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy ? 'Asking …' : 'Sign in'}
        </button>
        <p class="hint">
          <Icon name="console" />
          <span>
            <code>wampd admin</code> prints the link of a router that runs on this machine.
          </span>
        </p>
      </form>
    </div>
  )
}

/** Tries a token, and enters with it; else says why it cannot. */
async function faultOf(given: string): Promise<string> {
  if (!/^[\x21-\x7e]+$/.test(given)) return 'Tokens have no spaces and only ASCII characters.'
  try {
    await ask('/realms', { as: given })
    enter(given)
    return ''
  } catch (error) {
    if (error instanceof Unreachable) return `The router at ${location.host} does not answer.`
    if (!(error instanceof Refusal)) throw error
    if (error.status === 401) return 'The router does not take this token.'
    return error.message
  }
}
