import Type, { type Static } from 'typebox'
import { about, CLOSED } from '../base/keys.ts'
import { anonymousKind } from './anonymous.ts'
import type { AuthKind, AuthMethod, KeyFault, Principal, Surroundings } from './auth.ts'
import { cryptosignKind } from './cryptosign.ts'
import { dynamicKind } from './dynamic.ts'
import { jwtKind } from './jwt.ts'
import { scramKind, wampScramKind } from './scram.ts'
import { ticketKind } from './ticket.ts'
import { tlsKind } from './tls.ts'
import { wampcraKind } from './wampcra.ts'

/** The ways of authentication. A new one is a line here, its keys in the schema included. */
const KINDS = {
  anonymous: anonymousKind,
  ticket: ticketKind,
  jwt: jwtKind,
  wampcra: wampcraKind,
  'wamp-scram': wampScramKind,
  scram: scramKind,
  cryptosign: cryptosignKind,
  tls: tlsKind,
  dynamic: dynamicKind,
} as const

/** The keys of one authenticator: a source of identities with one or more methods. */
export const authenticatorKeys = Type.Object(
  {
    anonymous: Type.Optional(KINDS.anonymous.keys),
    ticket: Type.Optional(KINDS.ticket.keys),
    jwt: Type.Optional(KINDS.jwt.keys),
    wampcra: Type.Optional(KINDS.wampcra.keys),
    'wamp-scram': Type.Optional(KINDS['wamp-scram'].keys),
    scram: Type.Optional(KINDS.scram.keys),
    cryptosign: Type.Optional(KINDS.cryptosign.keys),
    tls: Type.Optional(KINDS.tls.keys),
    dynamic: Type.Optional(KINDS.dynamic.keys),
  },
  { ...CLOSED, ...about('A source of identities: its methods, each with its keys.', 'live') },
)

export type AuthenticatorConfig = Static<typeof authenticatorKeys>

/** The methods of an authenticator, ready to be used. */
export function methodsOf(
  authenticator: AuthenticatorConfig,
  surroundings: Surroundings,
): AuthMethod[] {
  return entriesOf(authenticator).flatMap(([kind, keys]) => kind.create(keys, surroundings))
}

/** Whom an authenticator lets in, under which of its keys, and by which method of the protocol. */
export function principalsOf(
  authenticator: AuthenticatorConfig,
): (Principal & { kind: string; method: string })[] {
  return entriesOf(authenticator).flatMap(([kind, keys]) =>
    kind.principals(keys).map(found => ({
      method: kind.name,
      ...found,
      kind: kind.name,
      path: [kind.name, ...found.path],
    })),
  )
}

/** What the schema cannot say of an authenticator's keys, where these are the realms. */
export function faultsOf(
  authenticator: AuthenticatorConfig,
  realms: readonly string[],
): KeyFault[] {
  return entriesOf(authenticator).flatMap(([kind, keys]) =>
    (kind.faults?.(keys, realms) ?? []).map(fault => ({
      ...fault,
      path: [kind.name, ...fault.path],
    })),
  )
}

function entriesOf(authenticator: AuthenticatorConfig): [AuthKind<unknown>, unknown][] {
  return Object.entries(authenticator).map(([name, keys]) => [
    KINDS[name as keyof typeof KINDS] as AuthKind<unknown>,
    keys,
  ])
}
