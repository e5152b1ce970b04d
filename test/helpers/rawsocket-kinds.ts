import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import type { ListenOptions } from '../../src/doors.ts'
import type { Router } from '../../src/router.ts'
import type { EndpointOptions } from '../../src/site/entrance.ts'
import type { Door, Kind } from '../transport/carriage.ts'
import { type RawSocketPeer, rawClient, shaken } from './rawsocket-client.ts'

const certificate = 'test/fixtures/localhost.crt'
const TLS = { certificate, key: 'test/fixtures/localhost.key' }

/** Ways to reach a router by RawSocket. */
interface RawKind extends Kind<RawSocketPeer> {
  socket(door: Door): Promise<Socket>
}

function kind(name: string, own: ListenOptions, socket: (door: Door) => Promise<Socket>): RawKind {
  return {
    name,
    socket,
    async open(router: Router, options: EndpointOptions) {
      const { port, url } = await router.listen({ ...options, ...own, port: 0 })
      return { port, url, close: async () => {} }
    },
    peer: async door => shaken(await socket(door)),
    client: async (door, protocol) => rawClient(await socket(door), protocol),
  }
}

const tcp = async ({ port }: Door) => connect({ port, host: '127.0.0.1', noDelay: true })

/** `secureConnect` must not be missed, nor bytes be written before. */
const tls = ({ port }: Door) =>
  new Promise<Socket>((resolve, reject) => {
    const ca = readFileSync(certificate)
    const socket = connectTls({ port, host: '127.0.0.1', ca }, () => resolve(socket))
    socket.once('error', reject)
  })

const folder = mkdtempSync(join(tmpdir(), 'wampd-rs-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
let count = 0

/** A unix socket of its own for each port that is opened. */
const unix: RawKind = {
  ...kind('over a unix socket', {}, async ({ url }) => connect(url.slice('rs://unix:'.length))),
  async open(router, options) {
    const socket = { path: join(folder, `${++count}.sock`) }
    const { port, url } = await router.listen({ ...options, type: 'rawsocket', socket })
    return { port, url, close: async () => {} }
  },
}

export const RAW_KINDS: readonly RawKind[] = [
  kind('over TCP', { type: 'rawsocket' }, tcp),
  kind('over TLS', { type: 'rawsocket', tls: TLS }, tls),
  unix,
  kind('on the port of HTTP', { rawsocket: true }, tcp),
  kind('on the port of HTTPS', { rawsocket: true, tls: TLS }, tls),
]
