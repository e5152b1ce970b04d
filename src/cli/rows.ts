import { type Api, ApiError } from '../admin/client.ts'
import type { RealmRow } from '../admin/operations/realms.ts'
import type { OneRegistration, RegistrationRow } from '../admin/operations/registrations.ts'
import type { OneSession, SessionRow } from '../admin/operations/sessions.ts'
import type { OneSubscription, SubscriptionRow } from '../admin/operations/subscriptions.ts'
import { Failure } from './exit.ts'

/** What realms have, and how `/api` tells of each in a list. */
export interface Rows {
  readonly sessions: SessionRow
  readonly registrations: RegistrationRow
  readonly subscriptions: SubscriptionRow
}

/** The same, with all that is known of one. */
export interface Ones {
  readonly sessions: OneSession
  readonly registrations: OneRegistration
  readonly subscriptions: OneSubscription
}

export type What = keyof Rows

/** Rows that are asked for at once: few enough not to hold the router up. */
const PAGE = 1000

/** Which rows. */
export interface Wanted {
  /** In this realm alone; else in all. */
  readonly realm?: string | undefined
  readonly search?: string | undefined
  /** The most rows. */
  readonly limit?: number | undefined
}

interface Page<Row> {
  readonly total: number
  readonly rows: readonly Row[]
}

type InRealm<Row> = Row & { readonly realm: string }

export async function realmsOf(api: Api): Promise<RealmRow[]> {
  return (await api.get<{ rows: RealmRow[] }>(['realms'])).rows
}

/** Rows of all pages that are needed. Pages are of different moments. Throws a Failure without the realm. */
export async function* listed<Kind extends What>(
  api: Api,
  what: Kind,
  { realm, search, limit = Number.POSITIVE_INFINITY }: Wanted,
): AsyncGenerator<InRealm<Rows[Kind]>> {
  let left = limit
  for (const name of await realmsWith(api, what, realm)) {
    for (let offset = 0, total = 1; offset < total && left > 0; ) {
      const asked = { search, offset, limit: Math.min(PAGE, left) }
      const path = ['realms', name, what]
      const page = await api.get<Page<Rows[Kind]>>(path, asked).catch(unlessGone)
      if (page === undefined || page.rows.length === 0) break
      for (const row of page.rows) yield { ...row, realm: name }
      offset += page.rows.length
      left -= page.rows.length
      total = page.total
    }
  }
}

/** All that have an id: each realm has its own. Throws a Failure without the realm. */
export async function* withId<Kind extends What>(
  api: Api,
  what: Kind,
  id: number,
  realm: string | undefined,
): AsyncGenerator<InRealm<Ones[Kind]>> {
  for (const name of await realmsWith(api, what, realm)) {
    const one = await api.get<Ones[Kind]>(['realms', name, what, id]).catch(unlessGone)
    if (one !== undefined) yield { ...one, realm: name }
  }
}

async function realmsWith(api: Api, what: What, realm: string | undefined): Promise<string[]> {
  const all = await realmsOf(api)
  const wanted = all.filter(({ name }) => realm === undefined || name === realm)
  if (realm !== undefined && wanted.length === 0) throw new Failure(`there is no realm ${realm}`, 1)
  return wanted.filter(row => row[what] > 0).map(({ name }) => name)
}

/** Of what is gone, or was never there, nothing is told. */
export function unlessGone(error: unknown): undefined {
  if (error instanceof ApiError && error.status === 404) return undefined
  throw error
}
