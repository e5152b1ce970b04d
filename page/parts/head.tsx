import type { ComponentChildren } from 'preact'
import type { RealmRow } from '../../src/admin/operations/realms.ts'
import { keepRealm } from '../state/realms.ts'
import { refine } from '../state/route.ts'
import { count } from './format.ts'

/** The top of a view: what it is, and what can be chosen of it. */
export function Head({
  title,
  children,
  note,
}: {
  title: string
  note?: ComponentChildren
  children?: ComponentChildren
}) {
  return (
    <div class="view-head">
      <h1>{title}</h1>
      {note !== undefined && <span class="note">{note}</span>}
      <div class="choices">{children}</div>
    </div>
  )
}

/** Chooses the realm of a view. */
export function RealmChoice({
  realm,
  realms,
}: {
  realm: string
  realms: readonly RealmRow[] | undefined
}) {
  const isKnown = realms?.some(({ name }) => name === realm) ?? false
  return (
    <label class="choice">
      <span>Realm</span>
      <select
        value={realm}
        onChange={({ currentTarget: { value } }) => {
          keepRealm(value)
          refine({ realm: value, id: undefined })
        }}
      >
        {!isKnown && <option value={realm}>{realm || '–'}</option>}
        {realms?.map(({ name, sessions }) => (
          <option value={name} key={name}>
            {name} ({count(sessions)})
          </option>
        ))}
      </select>
    </label>
  )
}
