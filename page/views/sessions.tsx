import type { SessionRow } from '../../src/admin/operations/sessions.ts'
import { bytes, count } from '../parts/format.ts'
import { ListView } from '../parts/list-view.tsx'
import type { Column } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { Id } from '../parts/uri.tsx'
import { SessionDrawer } from './session.tsx'

/** Those of sessions, wherever they are listed. */
export const SESSION_COLUMNS: readonly Column<SessionRow>[] = [
  {
    label: 'Authid',
    width: 'minmax(9rem, 2fr)',
    card: 'title',
    cell: ({ authid }) => (
      <span class="strong" title={authid}>
        {authid}
      </span>
    ),
  },
  {
    label: 'Session',
    width: '8rem',
    card: 'aside',
    cell: ({ session }) => <Id of={session} />,
  },
  {
    label: 'Role',
    width: 'minmax(6rem, 1fr)',
    card: 'text',
    cell: ({ authrole }) => <span title={authrole}>{authrole}</span>,
  },
  {
    label: 'Transport',
    width: 'minmax(9rem, 1.300fr)',
    card: 'text',
    cell: ({ transport, protocol }) => (
      <span title={protocol}>
        {transport} <span class="soft">{protocol.replace('wamp.2.', '')}</span>
      </span>
    ),
  },
  {
    label: 'Address',
    width: 'minmax(9rem, 1.500fr)',
    cell: ({ peer }) => <span title={peer}>{peer || '–'}</span>,
  },
]

const COLUMNS: readonly Column<SessionRow>[] = [
  ...SESSION_COLUMNS,
  {
    label: 'Subs',
    width: '4.500rem',
    isNumber: true,
    cell: ({ subscriptions }) => count(subscriptions),
  },
  {
    label: 'Regs',
    width: '4.500rem',
    isNumber: true,
    cell: ({ registrations }) => count(registrations),
  },
  {
    label: 'Queued',
    width: '5.500rem',
    isNumber: true,
    card: 'more',
    cell: ({ waiting }) => (waiting === 0 ? <span class="soft">0 B</span> : bytes(waiting)),
  },
  {
    label: 'Joined',
    width: '7rem',
    isNumber: true,
    card: 'more',
    cell: ({ joined }) => (joined === null ? <span class="soft">–</span> : <Time at={joined} />),
  },
]

/** The sessions of a realm. */
export function SessionsView() {
  return (
    <ListView<SessionRow>
      title="Sessions"
      what="session"
      searched="Id, authid, role, address"
      path="sessions"
      columns={COLUMNS}
      none="Nobody is in this realm."
      idOf={({ session }) => session}
      details={(realm, id, close) => (
        <SessionDrawer key={id} realm={realm} session={id} onClose={close} />
      )}
    />
  )
}
