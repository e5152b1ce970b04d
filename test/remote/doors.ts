import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ListenOptions } from '../../src/doors.ts'
import type { TlsOptions } from '../../src/remote/carrier.ts'
import type { Router } from '../../src/router.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

const certificate = 'test/fixtures/localhost.crt'
const TLS = { certificate, key: 'test/fixtures/localhost.key' }
/** What clients trust here. */
export const TRUST: TlsOptions = { ca: readFileSync(certificate, 'utf8') }

const folder = mkdtempSync(join(tmpdir(), 'wampd-remote-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
let count = 0

/** A way to reach a router, by a URL that stands on a command line. */
interface Door {
  readonly name: string
  /** Opens it; gives the URL. */
  open(router: Router, options?: ListenOptions): Promise<string>
}

function port(name: string, own: ListenOptions, urlOf = (url: string) => url): Door {
  const open = async (router: Router, options: ListenOptions = {}) =>
    urlOf((await router.listen({ ...options, ...own, port: 0 })).url)
  return { name, open }
}

function unix(name: string, own: ListenOptions, urlOf: (path: string) => string): Door {
  return {
    name,
    async open(router, options = {}) {
      const path = join(folder, `a b-${++count}.sock`)
      await router.listen({ ...options, ...own, socket: { path } })
      return urlOf(path.replace(' ', '%20'))
    },
  }
}

const named = (url: string) => url.replace('127.0.0.1', 'localhost')

/** All ways that there are. */
export const DOORS: readonly Door[] = [
  ...TRANSPORTS.map(transport => port(`ws: on ${transport}`, { transport })),
  ...TRANSPORTS.map(transport => port(`wss: on ${transport}`, { transport, tls: TLS }, named)),
  unix('ws+unix:', {}, path => `ws+unix:${path}:/ws`),
  port('rs:', { type: 'rawsocket' }),
  port('rss:', { type: 'rawsocket', tls: TLS }, named),
  unix('rs+unix:', { type: 'rawsocket' }, path => `rs+unix://${path}`),
  unix('rs: with the host unix', { type: 'rawsocket' }, path => `rs://unix:${path}`),
]
