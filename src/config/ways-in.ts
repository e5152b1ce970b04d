import { keysOf, kindOf } from '../site/services.ts'
import type { Path } from './problem.ts'
import type { TransportConfig } from './schema.ts'

/** Where sessions begin on a transport, and who may come in there to which realms: all without a list. */
export interface WayIn {
  /** Where its keys are, from the transport on; empty where they are the transport's own. */
  readonly path: Path
  readonly auth: readonly string[]
  readonly realms: readonly string[] | undefined
  /** The one that clients join who name none. */
  readonly realm?: string | undefined
}

/** All ways into a transport. */
export function waysIn({ auth, realms, realm, paths, rawsocket }: TransportConfig): WayIn[] {
  if (paths === undefined) return [{ path: [], auth, realms, realm }]
  const ofPaths = Object.entries(paths).flatMap(([at, service]) => {
    const kind = kindOf(service)
    // A path that serves nothing is a fault that is told elsewhere.
    if (!kind?.takesSessions) return []
    const own = keysOf(service) as { auth?: string[]; realms?: string[]; realm?: string }
    const path = ['paths', at, kind.name]
    return [{ path, auth: own.auth ?? auth, realms: own.realms ?? realms, realm: own.realm }]
  })
  return rawsocket ? [{ path: [], auth, realms }, ...ofPaths] : ofPaths
}
