import { type AddressInfo, createServer } from 'node:net'
import { ListenError } from './transport.ts'

const REASONS: Record<string, string> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'no permission for this port',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no such host',
}

/** The error of listening in vain, in words. */
export function listenError(host: string, port: number, error: NodeJS.ErrnoException): ListenError {
  const reason = REASONS[error.code ?? ''] ?? error.message
  return new ListenError(`cannot listen on ${host}:${port}: ${reason}`)
}

/**
 * Tries a port with Node's own server, which tells why it fails; gives the port, which is a free one
 * for 0. Rejects with a ListenError.
 */
export async function probe(host: string, port: number): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(listenError(host, port, error)))
    server.listen(port, host, resolve)
  })
  const { port: found } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return found
}
