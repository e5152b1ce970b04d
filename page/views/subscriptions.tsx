import { useState } from 'preact/hooks'
import type { OneSubscription, SubscriptionRow } from '../../src/admin/operations/subscriptions.ts'
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

/** The most subscribers of one answer. */
const MOST = 1000

const COLUMNS: readonly Column<SubscriptionRow>[] = [
  {
    label: 'Topic',
    width: 'minmax(14rem, 4fr)',
    card: 'title',
    cell: ({ uri, match }) => <Uri uri={uri} match={match} />,
  },
  {
    label: 'History',
    width: '6rem',
    card: 'aside',
    cell: ({ history }) => (history ? <span class="tag">kept</span> : <span class="soft">–</span>),
  },
  {
    label: 'Subscribers',
    width: '7rem',
    isNumber: true,
    card: 'more',
    cell: ({ subscribers }) => count(subscribers),
  },
  {
    label: 'Created',
    width: '7rem',
    isNumber: true,
    card: 'more',
    cell: ({ created }) => <Time at={created} />,
  },
]

/** The topics of a realm. */
export function SubscriptionsView() {
  return (
    <ListView<SubscriptionRow>
      title="Subscriptions"
      what="subscription"
      searched="Topic"
      path="subscriptions"
      columns={COLUMNS}
      none="Nobody subscribes to anything in this realm."
      idOf={({ subscription }) => subscription}
      details={(realm, id, close) => (
        <SubscriptionDrawer key={id} realm={realm} id={id} onClose={close} />
      )}
    />
  )
}

function SubscriptionDrawer(shown: { realm: string; id: number; onClose(): void }) {
  const { realm, id, onClose } = shown
  const [limit, show] = useState(100)
  const path = pathTo(['realms', realm, 'subscriptions', id], { limit })
  const { data, fault } = useLive<OneSubscription>(path, 2000)
  return (
    <Drawer
      title={data === undefined ? `Subscription ${id}` : <Uri uri={data.uri} match={data.match} />}
      label="Subscription"
      onClose={onClose}
    >
      {fault !== undefined && (
        <p class="empty">{fault.status === 404 ? 'Nobody holds it any more.' : fault.message}</p>
      )}
      {data === undefined && fault === undefined && <i class="bone" />}
      {data !== undefined && (
        <>
          {data.match === 'exact' && (
            <div class="actions">
              <a class="button" href={placeOf('console', { realm, publish: data.uri })}>
                Publish …
              </a>
              <a class="button" href={placeOf('trace', { realm, uri: data.uri })}>
                Trace
              </a>
            </div>
          )}
          <Facts
            of={[
              ['Subscription', <code key="id">{id}</code>],
              ['Realm', <code key="realm">{realm}</code>],
              ['Match', data.match],
              ['Created', <Time at={data.created} key="at" />],
              ['History', data.history ? 'events are kept' : 'events are not kept'],
            ]}
          />
          <section>
            <h3>Subscribers ({count(data.subscribers)})</h3>
            <ul class="links">
              {data.rows.map(row => (
                <li key={row.session}>
                  <Peer realm={realm} {...row} />
                </li>
              ))}
            </ul>
            {data.rows.length < data.total && limit < MOST && (
              <button type="button" onClick={() => show(MOST)}>
                Show {count(Math.min(MOST, data.total))}
              </button>
            )}
            {data.rows.length < data.total && limit === MOST && (
              <p class="soft">and {count(data.total - data.rows.length)} more</p>
            )}
          </section>
        </>
      )}
    </Drawer>
  )
}
