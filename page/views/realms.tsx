import { useState } from 'preact/hooks'
import type { RealmRow } from '../../src/admin/operations/realms.ts'
import { count, many } from '../parts/format.ts'
import { Head } from '../parts/head.tsx'
import { Search } from '../parts/search.tsx'
import { type Column, rowsOf, Table } from '../parts/table.tsx'
import { keepRealm, useRealms } from '../state/realms.ts'
import { go, placeOf, refine, route } from '../state/route.ts'

const number = (label: string, of: (row: RealmRow) => number, view?: string): Column<RealmRow> => ({
  label,
  width: 'minmax(6.500rem, 1fr)',
  isNumber: true,
  ...(view !== undefined && { card: 'more' as const }),
  cell: row =>
    view === undefined || of(row) === 0 ? (
      count(of(row))
    ) : (
      <a href={placeOf(view, { realm: row.name })}>{count(of(row))}</a>
    ),
})

const COLUMNS: readonly Column<RealmRow>[] = [
  {
    label: 'Realm',
    width: 'minmax(10rem, 3fr)',
    card: 'title',
    cell: ({ name }) => <code title={name}>{name}</code>,
  },
  {
    label: 'Roles',
    width: 'minmax(8rem, 2fr)',
    cell: ({ roles }) => <span title={roles.join(', ')}>{roles.join(', ')}</span>,
  },
  number('Sessions', row => row.sessions, 'sessions'),
  number('Subscriptions', row => row.subscriptions, 'subscriptions'),
  number('Registrations', row => row.registrations, 'registrations'),
  number('Open calls', row => row.calls),
  number('Refused', row => row.refused),
]

/** All realms; each leads to its sessions. */
export function RealmsView() {
  const { data } = useRealms()
  const [search, find] = useState(route.value.query.q ?? '')
  const wanted = search.toLowerCase()
  const rows = data?.rows.filter(({ name }) => name.toLowerCase().includes(wanted))
  return (
    <>
      <Head title="Realms" note={rows && many(rows.length, 'realm')}>
        <Search
          label="Search realms"
          placeholder="Name"
          value={search}
          onInput={text => {
            find(text)
            refine({ q: text })
          }}
        />
      </Head>
      <Table
        label="Realms"
        columns={COLUMNS}
        rows={rowsOf(rows)}
        onOpen={({ name }) => {
          keepRealm(name)
          go(placeOf('sessions', { realm: name }))
        }}
        empty={
          search === '' ? <p>There are no realms yet.</p> : <p>No realm is called like this.</p>
        }
      />
    </>
  )
}
