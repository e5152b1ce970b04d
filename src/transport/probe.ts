import { createServer } from 'node:net'
import { openAt } from './open.ts'

/**
 * Tries a port with Node's own server, which tells why it fails; gives the port, which is a free one
 * for 0. Rejects with a ListenError.
 */
export async function probe(host: string, port: number): Promise<number> {
  const server = createServer()
  const found = await openAt(server, { host, port })
  await new Promise(resolve => server.close(resolve))
  return found
}
