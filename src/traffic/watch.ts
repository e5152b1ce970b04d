import type { ErrorMessage, Publish, Result } from '../protocol/messages.ts'
import type { Dict } from '../protocol/payload.ts'

/** A session, as watches know it. */
export interface Party {
  readonly id: number
  readonly authid: string
  readonly authrole: string
}

/** A call of a dealer, the same object from its beginning to its end. */
export interface WatchedCall {
  readonly caller: { readonly peer: Party }
  /** The caller's number for it. */
  readonly request: number
  readonly procedure: string
}

/** Sees what dealers and brokers do about calls and publications. It must not throw. */
export interface Watch {
  /** A call begins; the router's own procedures and what is refused at once are none. */
  called(realm: string, call: WatchedCall, options: Dict): void
  /** Its INVOCATION is about to be sent; gives the details that are to be in it. */
  invoking(call: WatchedCall, callee: Party, details: Dict): Dict
  /** It is over; with null the caller hears nothing, for it has gone. */
  ended(call: WatchedCall, answer: Result | ErrorMessage | null): void
  /** Events are about to be given to `receivers` sessions; gives the details that are to be in them. */
  published(
    realm: string,
    publisher: Party,
    message: Publish,
    publication: number,
    receivers: number,
    details: Dict,
  ): Dict
}

/** Several watches as one; null for none. */
export function together(watches: readonly Watch[]): Watch | null {
  const [first = null] = watches
  if (watches.length < 2) return first
  return {
    called(...seen) {
      for (const watch of watches) watch.called(...seen)
    },
    invoking: (call, callee, details) =>
      watches.reduce((made, watch) => watch.invoking(call, callee, made), details),
    ended(...seen) {
      for (const watch of watches) watch.ended(...seen)
    },
    published: (realm, publisher, message, publication, receivers, details) =>
      watches.reduce(
        (made, watch) => watch.published(realm, publisher, message, publication, receivers, made),
        details,
      ),
  }
}
