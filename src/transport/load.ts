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
      reasons.push(reason(error as Error))
    }
  }
  const { platform, arch, version } = process
  return { missing: `no build for Node ${version} on ${platform} ${arch} (${reasons.join('; ')})` }
}

/** The system's own words, which the packages put behind theirs. */
function reason({ message }: Error): string {
  const lines = message.split('\n').filter(line => line.trim() !== '')
  return lines.find(line => line.startsWith('Error: '))?.slice(7) ?? lines[0] ?? 'no reason given'
}
