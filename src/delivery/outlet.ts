import type { Message } from '../protocol/messages.ts'
import type { SharedMessage } from './shared-message.ts'

/** All that broker and dealer can do to the world: a message goes to one session, in order. */
export interface Outlet {
  send(message: Message): void
  /** A message that several sessions get: each serializer writes it once. */
  share(message: SharedMessage): void
  /** Bytes that wait to be read; undefined where nothing ever does. */
  readonly waiting?: number
  /** The session has that subscription no more: what it has missed of it need not be told. */
  unsubscribed?(subscription: number): void
}

/** What broker and dealer know of a session. Its identity is the object; its number is `id`. */
export interface Peer extends Outlet {
  /** 1..2^53, global scope. */
  readonly id: number
  readonly authid: string
  readonly authrole: string
  /** What its HELLO announced, as bits of protocol/features.ts. */
  readonly features: number
}
