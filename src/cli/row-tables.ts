import type { RealmRow } from '../admin/operations/realms.ts'
import type { RegistrationRow } from '../admin/operations/registrations.ts'
import type { SessionRow } from '../admin/operations/sessions.ts'
import type { SubscriptionRow } from '../admin/operations/subscriptions.ts'
import { ageOf, type Cells, columns, type Output, shown, widthOf } from './columns.ts'
import type { Ones, Rows, What } from './rows.ts'

/** The columns of a list: heading, and what stands there for a row. */
type Columns<Row> = readonly (readonly [string, (row: Row) => string | number])[]

const SESSIONS: Columns<SessionRow> = [
  ['session', ({ session }) => session],
  ['authid', ({ authid }) => shown(authid)],
  ['authrole', ({ authrole }) => shown(authrole)],
  ['transport', ({ transport }) => transport],
  ['peer', ({ peer }) => peer],
  ['joined', ({ joined }) => (joined === null ? '' : ageOf(joined))],
  ['subs', ({ subscriptions }) => subscriptions],
  ['regs', ({ registrations }) => registrations],
  ['waiting', ({ waiting }) => waiting],
]

const REGISTRATIONS: Columns<RegistrationRow> = [
  ['registration', ({ registration }) => registration],
  ['uri', ({ uri }) => shown(uri)],
  ['match', ({ match }) => match],
  ['invoke', ({ invoke }) => invoke],
  ['created', ({ created }) => ageOf(created)],
  ['callees', ({ callees }) => callees],
  ['pending', ({ pending }) => pending],
  ['queued', ({ queued }) => queued],
]

const SUBSCRIPTIONS: Columns<SubscriptionRow> = [
  ['subscription', ({ subscription }) => subscription],
  ['uri', ({ uri }) => shown(uri)],
  ['match', ({ match }) => match],
  ['created', ({ created }) => ageOf(created)],
  ['subscribers', ({ subscribers }) => subscribers],
  ['history', ({ history }) => (history ? 'kept' : '')],
]

const COLUMNS: { readonly [Kind in What]: Columns<Rows[Kind]> } = {
  sessions: SESSIONS,
  registrations: REGISTRATIONS,
  subscriptions: SUBSCRIPTIONS,
}

const REALMS: Columns<RealmRow> = [
  ['realm', ({ name }) => shown(name)],
  ['sessions', ({ sessions }) => sessions],
  ['subscriptions', ({ subscriptions }) => subscriptions],
  ['registrations', ({ registrations }) => registrations],
  ['calls', ({ calls }) => calls],
  ['refused', ({ refused }) => refused],
  ['roles', ({ roles }) => roles.map(shown).join(', ')],
]

export function realmTable(rows: readonly RealmRow[]): string {
  return table(REALMS, rows, process.stdout)
}

/** A list for people; `withRealm` has a column for the realm. */
export function tableOf<Kind extends What>(
  what: Kind,
  rows: readonly (Rows[Kind] & { realm: string })[],
  withRealm: boolean,
  output: Output = process.stdout,
): string {
  const realm = ['realm', ({ realm }: { realm: string }) => shown(realm)] as const
  return table<Rows[Kind] & { realm: string }>(
    withRealm ? [realm, ...COLUMNS[what]] : COLUMNS[what],
    rows,
    output,
  )
}

function table<Row>(cells: Columns<Row>, rows: readonly Row[], output: Output): string {
  const lines: Cells[] = rows.map(row => cells.map(([, cell]) => cell(row)))
  return columns([cells.map(([heading]) => heading), ...lines], widthOf(output))
}

/** One for people, and who or what belongs to it. */
export function oneOf<Kind extends What>(what: Kind, one: Ones[Kind] & { realm: string }): string {
  return [ABOUT[what](one)].flat().join('\n')
}

const ABOUT: { readonly [Kind in What]: (one: Ones[Kind] & { realm: string }) => string[] } = {
  sessions({ subscribed, registered, joined, waiting, details, ...one }) {
    const { session, realm, authid, authrole, authmethod, transport, protocol, peer } = one
    const known = { session, realm, authid, authrole, authmethod, transport, protocol, peer }
    const others = Object.entries(details).filter(([name]) => !(name in known))
    return [
      facts({
        ...known,
        joined: timeOf(joined),
        waiting: `${waiting} bytes`,
        ...Object.fromEntries(others.map(([name, value]) => [shown(name), textOf(value)])),
      }),
      ...part('subscriptions', subscribed, ({ subscription, uri, match }) => [
        subscription,
        shown(uri),
        match,
      ]),
      ...part('registrations', registered, ({ registration, uri, match, pending }) => [
        registration,
        shown(uri),
        match,
        `${pending} pending`,
      ]),
    ]
  },
  registrations({ realm, served, created, ...one }) {
    return [
      facts({ ...one, realm, created: timeOf(created) }),
      ...part('callees', served, ({ session, authid, authrole, pending, concurrency }) => [
        session,
        shown(authid),
        shown(authrole),
        `${pending} pending${concurrency === null ? '' : ` of ${concurrency}`}`,
      ]),
    ]
  },
  subscriptions({ realm, created, history, rows, total, ...one }) {
    return [
      facts({ ...one, realm, created: timeOf(created), history: history ? 'kept' : 'none' }),
      ...part('subscribers', rows, ({ session, authid, authrole }) => [
        session,
        shown(authid),
        shown(authrole),
      ]),
      ...(total > rows.length ? [`… ${total} in all`] : []),
    ]
  },
}

/** In lines of a name and what it is. */
function facts(of: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(of).map(([name, value]) => [
    name,
    shown(String(value)).replaceAll('\\"', '"'),
  ])
  return columns(lines, widthOf(process.stdout))
}

function part<Row>(heading: string, rows: readonly Row[], cells: (row: Row) => Cells): string[] {
  if (rows.length === 0) return ['', `no ${heading}`]
  const width = widthOf(process.stdout) - 2
  const lines = columns(rows.map(cells), width).replaceAll(/^/gm, '  ')
  return ['', heading, lines]
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function timeOf(time: number | null): string {
  return time === null ? 'in the router’s own process' : new Date(time).toISOString()
}
