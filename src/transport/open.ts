import type { AddressInfo, Server } from 'node:net'
import { listenOnSocket } from '../base/unix-socket.ts'
import { type Address, ListenError } from './transport.ts'

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
