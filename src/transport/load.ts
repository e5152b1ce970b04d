import type { Listen } from './transport.ts'
import { uwsTransport } from './uws.ts'

/** The uWebSockets.js packages, the newer first. Each has binaries for some Nodes and glibcs only. */
const BUILDS = ['uWebSockets.js', 'uWebSockets.js-20.51']
/** The newer package names Node 22 as its oldest, yet loads the older one's binary on Node 20. */
const NEWER_FROM = 22

/** The uWebSockets.js transport of this machine, or why there is none. */
export async function loadUws(): Promise<{ listen: Listen } | { missing: string }> {
  const reasons: string[] = []
  const old = Number.parseInt(process.versions.node, 10) < NEWER_FROM
  for (const build of old ? BUILDS.slice(1) : BUILDS) {
    try {
      return { listen: uwsTransport(await import(build)) }
    } catch (error) {
      reasons.push(String((error as Error).message.split('\n').find(line => line.trim() !== '')))
    }
  }
  return { missing: reasons.join('; ') }
}
