import Type, { type Static } from 'typebox'
import { about, CLOSED } from '../base/keys.ts'
import { anonymousKind } from './anonymous.ts'
import type { AuthKind, AuthMethod, Principal } from './auth.ts'
import { ticketKind } from './ticket.ts'

/** The ways of authentication. A new one is a line here, its keys in the schema included. */
const KINDS = { anonymous: anonymousKind, ticket: ticketKind } as const

/** The keys of one authenticator: a source of identities with one or more methods. */
export const authenticatorKeys = Type.Object(
  {
    anonymous: Type.Optional(KINDS.anonymous.keys),
    ticket: Type.Optional(KINDS.ticket.keys),
  },
  { ...CLOSED, ...about('A source of identities: its methods, each with its keys.', 'live') },
)

export type AuthenticatorConfig = Static<typeof authenticatorKeys>

/** The methods of an authenticator, ready to be used. */
export function methodsOf(authenticator: AuthenticatorConfig): AuthMethod[] {
  return entriesOf(authenticator).map(([kind, keys]) => kind.create(keys))
}

/** Whom an authenticator lets in, and by which method. */
export function principalsOf(
  authenticator: AuthenticatorConfig,
): (Principal & { method: string })[] {
  return entriesOf(authenticator).flatMap(([kind, keys]) =>
    kind
      .principals(keys)
      .map(found => ({ ...found, method: kind.name, path: [kind.name, ...found.path] })),
  )
}

function entriesOf(authenticator: AuthenticatorConfig): [AuthKind<unknown>, unknown][] {
  return Object.entries(authenticator).map(([name, keys]) => [
    KINDS[name as keyof typeof KINDS] as AuthKind<unknown>,
    keys,
  ])
}
