import type { SessionRow } from '../../src/admin/operations/sessions.ts'
import { bytes, many } from '../parts/format.ts'
import { Head } from '../parts/head.tsx'
import { type Column, rowsOf, Table } from '../parts/table.tsx'
import { useLive } from '../state/live.ts'
import { refine, route } from '../state/route.ts'
import { SessionDrawer } from './session.tsx'
import { SESSION_COLUMNS } from './sessions.tsx'

/** Sessions whose clients read more slowly than messages come for them. */
export function SlowView() {
  const { data, fault } = useLive<{ rows: readonly SessionRow[] }>('/slow?limit=1000', 2000)
  const { realm = '', id = '' } = route.value.query
  const most = data?.rows[0]?.waiting ?? 1
  const columns: readonly Column<SessionRow>[] = [
    {
      label: 'Queued',
      width: 'minmax(11rem, 2fr)',
      card: 'more',
      cell: ({ waiting }) => (
        <span class="measured">
          <span>{bytes(waiting)}</span>
          <span class="share" aria-hidden="true">
            <i style={{ width: `${(waiting / most) * 100}%` }} />
          </span>
        </span>
      ),
    },
    ...SESSION_COLUMNS,
    {
      label: 'Realm',
      width: 'minmax(7rem, 1fr)',
      cell: ({ realm }) => <code title={realm}>{realm}</code>,
    },
  ]
  return (
    <>
      <Head title="Slow consumers" note={data && many(data.rows.length, 'session')} />
      <div class="beside">
        <Table
          label="Slow consumers"
          columns={columns}
          rows={rowsOf(fault ? [] : data?.rows)}
          isSelected={row => row.session === Number(id) && row.realm === realm}
          onOpen={row => refine({ realm: row.realm, id: row.session })}
          empty={
            <p>{fault?.message ?? 'Nothing waits: all clients read as fast as messages come.'}</p>
          }
        />
        {id !== '' && (
          <SessionDrawer
            key={id}
            realm={realm}
            session={Number(id)}
            onClose={() => refine({ realm: undefined, id: undefined })}
          />
        )}
      </div>
    </>
  )
}
