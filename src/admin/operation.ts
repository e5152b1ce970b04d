import type { Static, TObject, TSchema } from 'typebox'
import type { Clock } from '../base/clock.ts'
import type { Counters } from '../base/counters.ts'
import type { Log } from '../base/log.ts'
import type { LocalSession } from '../client/local-session.ts'
import type { Realm } from '../realm/realm.ts'
import type { Traces } from '../trace/traces.ts'
import type { Traffic } from '../traffic/traffic.ts'
import type { LoopDelay } from './loop-delay.ts'

/** What the operators' side asks of the router. */
export interface AdminHouse {
  readonly version: string
  readonly clock: Clock
  readonly log: Log
  readonly counters: Counters
  readonly traffic: Traffic
  readonly loopDelay: LoopDelay
  readonly reloads: {
    readonly applied: number
    readonly refused: number
    /** Milliseconds since 1970; null for never. */
    readonly last: number | null
  }
  readonly traces: Traces
  /** Bytes that wait for readers. */
  readonly queued: () => number
  /** Bytes that the process may take. */
  readonly memoryLimit: () => number
  status(): RouterStatus
  realm(name: string): Realm | undefined
  realms(): Iterable<Realm>
  /** An in-process session; without a role it may do everything. Throws WampError. */
  session(realm: string, options: { authid: string; authrole?: string }): LocalSession
  /** Reads the configuration again. Throws what is wrong with it. */
  reload(): readonly object[]
}

/** What is read of a router's status; more may be in it. */
export interface RouterStatus {
  readonly state: string
  readonly ready: boolean
  readonly started: string
  readonly connections: number
  readonly listening: readonly { readonly url: string; readonly transport: string }[]
}

/**
 * Something that can be asked of a router by HTTP. Requests are led, and checked, by these tables, and
 * OpenAPI is made from them.
 */
export interface Operation {
  /** Its name in OpenAPI. */
  readonly id: string
  readonly method: 'GET' | 'POST'
  /** Below `/api`. `{name}` stands for one part of the path, percent-encoded. */
  readonly path: string
  readonly about: string
  /** Parameters in the path and the query. */
  readonly parameters: TObject
  readonly body?: TObject
  /** The answer in JSON; of a stream, each line. */
  readonly answer: TSchema
  /** Values of clients are in the answer: what JSON has no words for, such as bytes, or would round. */
  readonly carries?: boolean
  readonly isStream: boolean
  /** Gives the answer, or its lines. Throws WampError, or Problem. */
  run(house: AdminHouse, asked: never, signal: AbortSignal): unknown
}

type Asked<Parameters extends TObject, Body> = Static<Parameters> &
  (Body extends TObject ? { body: Static<Body> } : unknown)

interface Described<Parameters extends TObject, Answer extends TSchema, Body> {
  readonly id: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly about: string
  readonly parameters: Parameters
  readonly body?: Body
  readonly answer: Answer
  readonly carries?: boolean
}

/** An operation that is answered once. */
export function operation<
  Parameters extends TObject,
  Answer extends TSchema,
  Body extends TObject | undefined = undefined,
>(
  described: Described<Parameters, Answer, Body> & {
    run(
      house: AdminHouse,
      asked: Asked<Parameters, Body>,
      signal: AbortSignal,
    ): Static<Answer> | Promise<Static<Answer>>
  },
): Operation {
  return { ...described, isStream: false } as unknown as Operation
}

/** An operation that goes on until the client leaves, which aborts the signal. */
export function stream<Parameters extends TObject, Answer extends TSchema>(
  described: Described<Parameters, Answer, undefined> & {
    run(
      house: AdminHouse,
      asked: Asked<Parameters, undefined>,
      signal: AbortSignal,
    ): AsyncIterable<Static<Answer>>
  },
): Operation {
  return { ...described, isStream: true } as unknown as Operation
}
