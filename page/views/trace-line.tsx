import { Drawer, Facts } from '../parts/drawer.tsx'
import { bytes, fineTime, milliseconds } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { Json } from '../parts/json.tsx'
import { placeOf } from '../state/route.ts'
import { isKin, lines, type Traced } from '../state/trace.ts'

interface Shown {
  readonly line: Traced
  onOpen(line: Traced): void
  onClose(): void
}

/** A message, and what belongs to the same request. */
export function LineDrawer({ line, onOpen, onClose }: Shown) {
  const { direction, type, realm, session, authid, authrole, remote } = line
  const { request, publication, subscription, registration, uri, reason, took, other } = line
  const number = (value: number | undefined) => value && <code>{value}</code>
  const link = (to: number | undefined) =>
    to && realm && <a href={placeOf('sessions', { realm, id: to })}>{to}</a>
  return (
    <Drawer
      title={
        <span class={`message ${direction}`}>
          <Icon name={direction} />
          {type}
        </span>
      }
      label="Message"
      onClose={onClose}
    >
      <Facts
        of={[
          ['Time', <code key="time">{fineTime(line.time)}</code>],
          ['Direction', `${direction} by the router`],
          ['URI', uri && <code>{uri}</code>],
          ['Reason', reason && <code class="bad">{reason}</code>],
          ['Took', took === undefined ? '' : milliseconds(took)],
          ['Realm', realm && <code>{realm}</code>],
          ['Session', link(session)],
          ['Who', [authid, authrole].filter(text => text !== undefined).join(', ')],
          ['Other end', link(other)],
          ['Request', number(request)],
          ['Publication', number(publication)],
          ['Subscription', number(subscription)],
          ['Registration', number(registration)],
          ['Address', remote || 'in-process'],
          ['Size', line.bytes === 0 ? '' : bytes(line.bytes)],
        ]}
      />
      <Exchange line={line} onOpen={onOpen} />
      <Part
        name={type === 'CALL' || type === 'PUBLISH' ? 'Options' : 'Details'}
        text={line.details}
      />
      <Part name="Args" text={line.args} />
      <Part name="Kwargs" text={line.kwargs} />
      {line.cut && (
        <p class="soft">What is cut is shown as far as it came: choose “full” payloads.</p>
      )}
    </Drawer>
  )
}

/** Requests and their answers in the order that they passed. */
function Exchange({ line, onOpen }: { line: Traced; onOpen(line: Traced): void }) {
  const kin = lines.value.filter(other => isKin(other, line))
  const first = kin[0]
  if (first === undefined || kin.length < 2) return null
  return (
    <section>
      <h3>Exchange</h3>
      <ol class="exchange">
        {kin.slice(0, 100).map(other => (
          <li key={other.n}>
            <button
              type="button"
              class="plain"
              aria-current={other.n === line.n}
              onClick={() => onOpen(other)}
            >
              <span class={`message ${other.direction}`}>
                <Icon name={other.direction} />
                <span class="unseen">{other.direction}</span>
                {other.type}
              </span>
              <span class="soft">{other.authid ?? other.session}</span>
              <span class="number">+{milliseconds(Math.max(0, other.time - first.time))}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  )
}

function Part({ name, text }: { name: string; text: string | undefined }) {
  if (text === undefined) return null
  return (
    <section>
      <h3>{name}</h3>
      {isJson(text) ? <Json value={JSON.parse(text)} /> : <pre class="json">{text}</pre>}
    </section>
  )
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
