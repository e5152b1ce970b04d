import type { AddressInfo, Server, Socket } from 'node:net'
import { listenOnSocket } from '../base/unix-socket.ts'
import { type Address, ListenError, type Site } from './transport.ts'

const REASONS: Record<string, string> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'no permission for this port',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no such host',
}

/** The error of listening in vain, in words. */
function listenError(host: string, port: number, error: NodeJS.ErrnoException): ListenError {
  const reason = REASONS[error.code ?? ''] ?? error.message
  return new ListenError(`cannot listen on ${host}:${port}: ${reason}`)
}

/** Options of a server: after ten seconds without a byte the system asks whether the other end is there. */
export const WATCHED = { keepAlive: true, keepAliveInitialDelay: 10_000 }

/** Has a server cut off new connections where it has as many as its site may have, before they say anything. */
export function limitSockets(server: Server, site: Site): void {
  server.maxConnections = site.maxSockets
  server.on('drop', () => site.count('refused_connections'))
}

/** The sockets of a server, from the first moment on. Call it when all else has its listeners. */
export function socketsOf(server: Server): ReadonlySet<Socket> {
  const open = new Set<Socket>()
  server.prependListener('connection', socket => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return open
}

/** Opens a server of Node's own; gives its port, 0 for a unix socket. Rejects with a ListenError. */
export async function openAt(server: Server, { host, port, socket }: Address): Promise<number> {
  if (socket !== undefined) {
    await listenOnSocket(server, socket).catch(error => {
      throw new ListenError(`cannot listen on ${socket.path}: ${error.message}`)
    })
    return 0
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(listenError(host, port, error)))
    server.listen(port, host, resolve)
  })
  return (server.address() as AddressInfo).port
}
