import { useState } from 'preact/hooks'
import type { OneSession } from '../../src/admin/operations/sessions.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Drawer, Facts } from '../parts/drawer.tsx'
import { bytes, count } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { Json } from '../parts/json.tsx'
import { tell } from '../parts/notice.tsx'
import { Time } from '../parts/time.tsx'
import { Uri } from '../parts/uri.tsx'
import { ask, pathTo } from '../state/api.ts'
import { useLive } from '../state/live.ts'
import { placeOf } from '../state/route.ts'

interface Shown {
  readonly realm: string
  readonly session: number
  onClose(): void
}

/** All that is known of a session, and a way to end it. */
export function SessionDrawer({ realm, session, onClose }: Shown) {
  const { data, fault } = useLive<OneSession>(pathTo(['realms', realm, 'sessions', session]), 2000)
  const [asksToEnd, askToEnd] = useState(false)
  return (
    <Drawer title={data?.authid ?? `Session ${session}`} label="Session" onClose={onClose}>
      {fault !== undefined && (
        <p class="empty">{fault.status === 404 ? 'The session has ended.' : fault.message}</p>
      )}
      {data === undefined && fault === undefined && <i class="bone" />}
      {data !== undefined && (
        <>
          <div class="actions">
            <a class="button" href={placeOf('trace', { realm, session })}>
              <Icon name="trace" />
              Trace
            </a>
            <button type="button" class="danger" onClick={() => askToEnd(true)}>
              End session …
            </button>
          </div>
          <SessionOf facts={data} />
        </>
      )}
      {asksToEnd && data !== undefined && (
        <EndDialog
          {...{ realm, session }}
          authid={data.authid}
          onClose={isEnded => {
            askToEnd(false)
            if (isEnded) onClose()
          }}
        />
      )}
    </Drawer>
  )
}

function SessionOf({ facts }: { facts: OneSession }) {
  const { realm, session, authrole, authmethod, transport, protocol, peer, joined } = facts
  const { waiting, subscriptions, registrations, subscribed, registered, details } = facts
  return (
    <>
      <Facts
        of={[
          ['Session', <code key="id">{session}</code>],
          ['Realm', <code key="realm">{realm}</code>],
          ['Role', authrole],
          ['Signed in by', authmethod],
          ['Transport', [transport, protocol].filter(text => text !== '').join(', ')],
          ['Address', peer],
          [
            'Joined',
            joined === null ? 'of the router’s own process' : <Time at={joined} key="at" />,
          ],
          ['Queued', `${bytes(waiting)} wait for its client`],
        ]}
      />
      <section>
        <h3>Subscriptions ({count(subscriptions)})</h3>
        {subscribed.length === 0 && <p class="soft">None.</p>}
        <ul class="links">
          {subscribed.map(({ subscription, uri, match }) => (
            <li key={subscription}>
              <a href={placeOf('subscriptions', { realm, id: subscription })}>
                <Uri uri={uri} match={match} />
              </a>
            </li>
          ))}
        </ul>
        <More shown={subscribed.length} of={subscriptions} />
      </section>
      <section>
        <h3>Registrations ({count(registrations)})</h3>
        {registered.length === 0 && <p class="soft">None.</p>}
        <ul class="links">
          {registered.map(({ registration, uri, match, pending }) => (
            <li key={registration}>
              <a href={placeOf('registrations', { realm, id: registration })}>
                <Uri uri={uri} match={match} />
              </a>
              {pending > 0 && <span class="soft">{count(pending)} to answer</span>}
            </li>
          ))}
        </ul>
        <More shown={registered.length} of={registrations} />
      </section>
      <section>
        <h3>Details</h3>
        <Json value={details} />
      </section>
    </>
  )
}

function More({ shown, of }: { shown: number; of: number }) {
  return shown < of ? <p class="soft">and {count(of - shown)} more</p> : null
}

interface EndShown {
  readonly realm: string
  readonly session: number
  readonly authid: string
  onClose(isEnded: boolean): void
}

function EndDialog({ realm, session, authid, onClose }: EndShown) {
  const [reason, setReason] = useState('wamp.close.killed')
  const [message, setMessage] = useState('')
  const [fault, say] = useState('')
  const [isBusy, wait] = useState(false)
  const submit = async (event: Event) => {
    event.preventDefault()
    wait(true)
    try {
      const body = { reason, ...(message !== '' && { message }) }
      await ask(pathTo(['realms', realm, 'sessions', session, 'kill']), { body })
      tell(`The session of ${authid} was ended.`)
      onClose(true)
    } catch (error) {
      say((error as Error).message)
      wait(false)
    }
  }
  return (
    <Dialog title={`End the session of ${authid}?`} onClose={() => onClose(false)}>
      <form onSubmit={submit}>
        <p>
          Its client gets a GOODBYE. Its subscriptions and registrations end, and it may join again.
        </p>
        <label>
          Reason, a URI
          <input
            value={reason}
            required
            spellcheck={false}
            onInput={event => setReason(event.currentTarget.value)}
          />
        </label>
        <label>
          Message to people (optional)
          <input
            value={message}
            maxLength={1000}
            onInput={event => setMessage(event.currentTarget.value)}
          />
        </label>
        <p class="fault" role="alert">
          {fault}
        </p>
        <div class="actions">
          <button type="button" onClick={() => onClose(false)}>
            Cancel
          </button>
          <button type="submit" class="danger" disabled={isBusy}>
            End session
          </button>
        </div>
      </form>
    </Dialog>
  )
}
