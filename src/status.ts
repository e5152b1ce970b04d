import type { Counted } from './base/counters.ts'
import type { Listening } from './doors.ts'
import type { RealmLoad } from './realm/realm.ts'

/** What a router is doing. */
export interface Status {
  readonly state: 'running' | 'draining' | 'closed'
  /** It takes new sessions. */
  readonly ready: boolean
  /** When it was made, as ISO 8601 text. */
  readonly started: string
  /** Connections, joined or not. */
  readonly connections: number
  readonly realms: readonly ({ readonly name: string } & RealmLoad)[]
  /** What went wrong or was refused since the start; base/counters.ts says what each means. */
  readonly counters: Readonly<Record<Counted, number>>
  readonly listening: readonly Listening[]
  /** Where the admin page is; null without one. */
  readonly admin: string | null
  /** Files of the configuration. */
  readonly files: readonly string[]
}
