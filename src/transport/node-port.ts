import type { Server, Socket } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import type { TlsFiles } from '../base/certificate.ts'
import { openAt } from './open.ts'
import type { Peers } from './peers.ts'
import { type Certificates, dropBadHandshakes } from './tls.ts'
import type { Address, Site } from './transport.ts'

/** Options of a server: after ten seconds without a byte the system asks whether the other end is there. */
export const WATCHED = { keepAlive: true, keepAliveInitialDelay: 10_000 }

/** The event of a server that has a connection which can be spoken to. */
export function connectionEvent({ tls }: Address): 'connection' | 'secureConnection' {
  return tls === undefined ? 'connection' : 'secureConnection'
}

/** A port on a server of Node's own, whatever is spoken there. */
export interface NodePort {
  /** 0 for a unix socket. */
  readonly port: number
  /** Its sockets, from the first moment on. */
  readonly open: ReadonlySet<Socket>
  /** Takes no new connections. */
  stop(): void
  /** Takes up the site's limit on sockets, and certificates. Throws a ListenError. */
  renew(files: TlsFiles | undefined): void
  /** Cuts off what is open; resolves when the port is free. */
  close(): Promise<void>
}

/** Opens a server that has its listeners for connections. Rejects with a ListenError. */
export async function openPort(
  server: Server,
  address: Address,
  site: Site,
  peers: Peers,
  certificates: Certificates,
): Promise<NodePort> {
  dropBadHandshakes(server, site)
  if (address.proxyProtocol) peers.behindProxy(server, site)
  const open = socketsOf(server)
  // Beyond what the site may have they are cut off, before they say anything.
  server.maxConnections = site.maxSockets
  server.on('drop', () => site.count('refused_connections'))
  const port = await openAt(server, address)
  let closed: Promise<void> | null = null
  const stop = () => {
    closed ??= new Promise(resolve => server.close(() => resolve()))
  }
  return {
    port,
    open,
    stop,
    renew(files) {
      server.maxConnections = site.maxSockets
      if (files !== undefined) certificates.renew(server as TlsServer, files)
    },
    async close() {
      stop()
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

/** The sockets of a server, from the first moment on. Call it when all else has its listeners. */
function socketsOf(server: Server): ReadonlySet<Socket> {
  const open = new Set<Socket>()
  server.prependListener('connection', socket => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return open
}
