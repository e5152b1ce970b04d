import { randomBytes } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { about, CLOSED, name } from '../base/keys.ts'
import type { AuthKind, AuthMethod } from './auth.ts'

const keys = Type.Object(
  { role: name(about('The role of everybody who comes without proof.', 'live')) },
  { ...CLOSED, ...about('Clients that do not prove who they are.', 'live') },
)

/** Lets everybody in under one role. Each session gets an authid of its own, whatever it asks for. */
export function anonymous(authrole: string): AuthMethod {
  return {
    name: 'anonymous',
    begin: () => ({
      identity: { authid: randomBytes(12).toString('base64url'), authrole, authprovider: 'static' },
    }),
  }
}

export const anonymousKind: AuthKind<Static<typeof keys>> & { keys: typeof keys } = {
  name: 'anonymous',
  keys,
  principals: ({ role }) => [{ role, takesAll: true, path: ['role'] }],
  create: ({ role }) => anonymous(role),
}
