import { randomBytes } from 'node:crypto'
import type { AuthMethod } from './auth.ts'

/** Lets everybody in under one role. Each session gets an authid of its own, whatever it asks for. */
export function anonymous(authrole: string): AuthMethod {
  return {
    name: 'anonymous',
    begin: () => ({
      identity: { authid: randomBytes(12).toString('base64url'), authrole, authprovider: 'static' },
    }),
  }
}
