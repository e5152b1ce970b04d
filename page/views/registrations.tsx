import type { OneRegistration, RegistrationRow } from '../../src/admin/operations/registrations.ts'
import { Drawer, Facts } from '../parts/drawer.tsx'
import { count } from '../parts/format.ts'
import { ListView } from '../parts/list-view.tsx'
import type { Column } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { Uri } from '../parts/uri.tsx'
import { pathTo } from '../state/api.ts'
import { useLive } from '../state/live.ts'
import { placeOf } from '../state/route.ts'
import { Peer } from './peer.tsx'

const number = (label: string, of: (row: RegistrationRow) => number): Column<RegistrationRow> => ({
  label,
  width: '6rem',
  isNumber: true,
  card: 'more',
  cell: row => (of(row) === 0 ? <span class="soft">0</span> : count(of(row))),
})

const COLUMNS: readonly Column<RegistrationRow>[] = [
  {
    label: 'Procedure',
    width: 'minmax(14rem, 4fr)',
    card: 'title',
    cell: ({ uri, match }) => <Uri uri={uri} match={match} />,
  },
  {
    label: 'Invocation',
    width: 'minmax(7rem, 1fr)',
    card: 'aside',
    cell: ({ invoke }) => invoke,
  },
  number('Callees', row => row.callees),
  number('Pending', row => row.pending),
  number('Queued', row => row.queued),
  {
    label: 'Created',
    width: '7rem',
    isNumber: true,
    cell: ({ created }) => <Time at={created} />,
  },
]

/** The procedures of a realm. */
export function RegistrationsView() {
  return (
    <ListView<RegistrationRow>
      title="Registrations"
      what="registration"
      searched="Procedure"
      path="registrations"
      columns={COLUMNS}
      none="Nothing is registered in this realm."
      idOf={({ registration }) => registration}
      details={(realm, id, close) => (
        <RegistrationDrawer key={id} realm={realm} id={id} onClose={close} />
      )}
    />
  )
}

function RegistrationDrawer(shown: { realm: string; id: number; onClose(): void }) {
  const { realm, id, onClose } = shown
  const path = pathTo(['realms', realm, 'registrations', id])
  const { data, fault } = useLive<OneRegistration>(path, 2000)
  return (
    <Drawer
      title={data === undefined ? `Registration ${id}` : <Uri uri={data.uri} match={data.match} />}
      label="Registration"
      onClose={onClose}
    >
      {fault !== undefined && (
        <p class="empty">{fault.status === 404 ? 'It is registered no more.' : fault.message}</p>
      )}
      {data === undefined && fault === undefined && <i class="bone" />}
      {data !== undefined && (
        <>
          {data.match === 'exact' && (
            <div class="actions">
              <a class="button" href={placeOf('console', { realm, call: data.uri })}>
                Call …
              </a>
              <a class="button" href={placeOf('trace', { realm, uri: data.uri })}>
                Trace
              </a>
            </div>
          )}
          <Facts
            of={[
              ['Registration', <code key="id">{id}</code>],
              ['Realm', <code key="realm">{realm}</code>],
              ['Match', data.match],
              ['Invocation', data.invoke],
              ['Created', <Time at={data.created} key="at" />],
              ['Pending', `${count(data.pending)} calls that callees have to answer`],
              ['Queued', `${count(data.queued)} calls that wait for a callee`],
            ]}
          />
          <section>
            <h3>Callees ({count(data.callees)})</h3>
            <ul class="links">
              {data.served.map(({ session, authid, authrole, pending, concurrency }) => (
                <li key={session}>
                  <Peer {...{ realm, session, authid, authrole }} />
                  <span class="soft">
                    {count(pending)}
                    {concurrency !== null && ` of ${count(concurrency)}`} to answer
                  </span>
                </li>
              ))}
            </ul>
            {data.served.length < data.callees && (
              <p class="soft">and {count(data.callees - data.served.length)} more</p>
            )}
          </section>
        </>
      )}
    </Drawer>
  )
}
