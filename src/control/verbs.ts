import type { RequestListener } from 'node:http'
import type { Clock } from '../base/clock.ts'
import type { Change } from '../config/diff.ts'
import { ControlError } from './control-error.ts'

/** What is asked of a router that can be controlled. A Router has it. */
export interface Controlled {
  /** Answers requests below `/api`. */
  readonly api?: RequestListener
  /** The link that lets into the admin page; undefined where there is none. */
  adminLink?(): string | undefined
  status(): Standing
  reload(): readonly Change[]
  drain(options: Ending): Promise<void>
  close(options: Ending): Promise<void>
}

/** What control itself reads of a status; it hands on the rest as it is. */
export interface Standing {
  readonly realms: readonly { readonly sessions: number }[]
}

export interface Ending {
  /** The service ends, and clients are told to stay away. */
  readonly final: boolean
}

/** How far a router has gone down. */
export interface Progress {
  /** Sessions that are left. */
  readonly sessions: number
  /** True in the last one. */
  readonly done: boolean
}

export interface Verb {
  readonly method: 'GET' | 'POST'
  /** It takes `final`. */
  readonly ends: boolean
  /** Gives one answer, or several, one after the other. */
  run(router: Controlled, ending: Ending, clock: Clock): object | AsyncIterable<object>
}

/** All that can be asked of a running router. */
export const VERBS: Readonly<Record<string, Verb>> = {
  status: { method: 'GET', ends: false, run: router => router.status() },
  reload: { method: 'POST', ends: false, run: router => ({ changes: router.reload() }) },
  drain: {
    method: 'POST',
    ends: true,
    run: (router, ending, clock) => progress(router, router.drain(ending), clock),
  },
  stop: {
    method: 'POST',
    ends: true,
    run: (router, ending, clock) => progress(router, router.close(ending), clock),
  },
  admin: { method: 'GET', ends: false, run: router => ({ link: linkOf(router) }) },
}

function linkOf(router: Controlled): string {
  const link = router.adminLink?.()
  if (link !== undefined) return link
  throw new ControlError('it has no admin page: its configuration has no admin')
}

/** How often progress is told. Milliseconds. */
const TICK = 250

async function* progress(
  router: Controlled,
  going: Promise<void>,
  clock: Clock,
): AsyncGenerator<Progress> {
  const gone = going.then(() => true)
  // Nobody may be there to hear of a failure any more.
  gone.catch(() => {})
  do yield { sessions: sessions(router), done: false }
  while (!(await Promise.race([gone, pause(clock)])))
  yield { sessions: sessions(router), done: true }
}

function sessions(router: Controlled): number {
  return router.status().realms.reduce((sum, realm) => sum + realm.sessions, 0)
}

function pause(clock: Clock): Promise<false> {
  return new Promise(resolve => clock.after(TICK, () => resolve(false)))
}
