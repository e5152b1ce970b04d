/** The one face that the tests see of every client library. */
export interface Client {
  name: string
  subscribe(topic: string, onEvent: OnEvent, options?: Kwargs): Promise<void>
  unsubscribe(topic: string): Promise<void>
  /** Resolves when the router has acknowledged. */
  publish(topic: string, args: unknown[], kwargs: Kwargs, options?: Kwargs): Promise<void>
  /** Publishes [0], [1] ... without waiting for anything in between. */
  publishMany(topic: string, count: number): Promise<void>
  register(procedure: string, behaviour: Behaviour, options?: RegisterOptions): Promise<void>
  unregister(procedure: string): Promise<void>
  /** Rejects with a WampError. */
  call(procedure: string, args: unknown[], kwargs: Kwargs, options?: CallOptions): Promise<Payload>
  /** Calls without arguments and cancels at once, in the way the library does it. */
  callAndCancel(procedure: string, mode: CancelMode | undefined): Promise<void>
  /** Says GOODBYE and resolves when the connection is gone. */
  close(): Promise<void>
  /** The reason of the GOODBYE with which the session ended; '' if there was none to see. */
  left: Promise<string>
}

/**
 * `echo` returns what it got, `fail` raises the error `interop.fault` with what it got, `count` gives
 * [1] and [2] as progress and returns ['done'], `slow` returns ['late'] after a fifth of a second,
 * `caller` returns the session id of who calls, null if it is not told.
 */
export type Behaviour = 'echo' | 'fail' | 'count' | 'slow' | 'caller'
export const SLOW = 200
export interface RegisterOptions {
  match?: string
  invoke?: string
}
export interface CallOptions {
  /** Milliseconds. */
  timeout?: number
  disclose?: boolean
  onProgress?(progress: Payload): void
}
export type CancelMode = 'skip' | 'kill' | 'killnowait'
/** `details` are those that the library shows, under the names of the specification. */
export type OnEvent = (event: Payload, details: Kwargs) => void
export type Kwargs = Record<string, unknown>
export type SerializerName = 'json' | 'msgpack' | 'cbor'
export const serializerNames: SerializerName[] = ['json', 'msgpack', 'cbor']

export interface Payload {
  args: unknown[]
  kwargs: Kwargs
}

export class WampError extends Error {
  readonly error: string
  readonly args: unknown[]
  readonly kwargs: Kwargs

  constructor(error: string, args: unknown[] = [], kwargs: Kwargs = {}) {
    super(`${error} ${JSON.stringify(args)}`)
    this.error = error
    this.args = args
    this.kwargs = kwargs
  }
}

export interface ClientKind {
  name: string
  /**
   * `onReturn` makes the client reconnect by itself; it is called each time it is back. With a
   * `user` the client authenticates by ticket. Rejects with what the client says of a refusal.
   */
  connect(url: string, onReturn?: () => void, user?: User): Promise<Client>
}

/** Somebody who has a ticket. */
export interface User {
  authid: string
  ticket: string
}

/** JavaScript's JSON has no bytes: there the application itself writes and reads NUL + base64. */
export function bytesToText<T>(value: T): T {
  return mapLeaves(value, leaf =>
    leaf instanceof Uint8Array ? `\0${Buffer.from(leaf).toString('base64')}` : leaf,
  ) as T
}

export function textToBytes<T>(value: T): T {
  return mapLeaves(value, leaf =>
    typeof leaf === 'string' && leaf.startsWith('\0') ? Buffer.from(leaf.slice(1), 'base64') : leaf,
  ) as T
}

/** Rebuilds a payload with each value that is neither list nor dict replaced. */
export function mapLeaves(value: unknown, change: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(item => mapLeaves(item, change))
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) {
    return change(value)
  }
  const entries = Object.entries(value).map(([key, item]) => [key, mapLeaves(item, change)])
  return Object.fromEntries(entries)
}
