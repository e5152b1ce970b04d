import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { useSettled } from '../state/live.ts'
import { usePages } from '../state/pages.ts'
import { useRealm } from '../state/realms.ts'
import { refine, route } from '../state/route.ts'
import { many } from './format.ts'
import { Head, RealmChoice } from './head.tsx'
import { Search } from './search.tsx'
import { type Column, Table } from './table.tsx'

interface Shown<Row> {
  readonly title: string
  /** What a row is, in one word. */
  readonly what: string
  /** What can be searched for. */
  readonly searched: string
  /** The path of the rows, below a realm. */
  readonly path: string
  readonly columns: readonly Column<Row>[]
  readonly none: string
  idOf(row: Row): number
  /** The details of that id. */
  details(realm: string, id: number, close: () => void): ComponentChildren
}

/** The rows of a realm, searched, and the details of one. All of it is in the address. */
export function ListView<Row>(shown: Shown<Row>) {
  const { title, what, searched, path, columns, none, idOf, details } = shown
  const { realm, realms, isLoaded } = useRealm()
  const [search, find] = useState(route.value.query.q ?? '')
  const settled = useSettled(search, 200)
  const parts = ['realms', realm, path]
  const rows = usePages<Row>(parts, { search: settled })
  const id = Number(route.value.query.id ?? 0)
  const isNone = isLoaded && realm === ''
  return (
    <>
      <Head title={title} note={rows.total !== undefined && many(rows.total, what)}>
        <RealmChoice realm={realm} realms={realms} />
        <Search
          label={`Search ${title.toLowerCase()}`}
          placeholder={searched}
          value={search}
          onInput={text => {
            find(text)
            refine({ q: text })
          }}
        />
      </Head>
      <div class="beside">
        <Table
          key={`${realm} ${settled}`}
          label={title}
          columns={columns}
          rows={isNone ? { total: 0, at: () => undefined } : rows}
          isSelected={row => idOf(row) === id}
          onOpen={row => refine({ realm, id: idOf(row) })}
          empty={
            <p>
              {rows.fault?.message ??
                (isNone
                  ? 'There are no realms yet.'
                  : search === ''
                    ? none
                    : `No ${what} is found.`)}
            </p>
          }
        />
        {id !== 0 && realm !== '' && details(realm, id, () => refine({ id: undefined }))}
      </div>
    </>
  )
}
