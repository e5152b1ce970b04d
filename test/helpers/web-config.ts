import type { ConfigInput } from '../../src/config/schema.ts'

type Paths = NonNullable<NonNullable<ConfigInput['transports']>[number]['paths']>

/** A configuration with one realm, which everybody may join, and a port that serves these paths. */
export function webConfig(paths: Paths) {
  return {
    realms: [{ name: 'realm1', roles: [{ name: 'guest', permissions: [] }] }],
    authenticators: { guests: { anonymous: { role: 'guest' } } },
    transports: [
      { id: 'web', type: 'web' as const, endpoint: { port: 0 }, auth: ['guests'], paths },
    ],
  }
}
