import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { isMainThread } from 'node:worker_threads'

/** A unix socket to listen on. */
export interface UnixSocket {
  readonly path: string
  /** Who may connect, as the mode of the file; default 0o600: the user whom the router runs as. */
  readonly mode?: number | undefined
}

/** Somebody listens there. */
export class SocketInUse extends Error {
  override name = 'SocketInUse'
}

/**
 * Listens on a unix socket. One that nobody answers at is replaced: its owner did not end as it should.
 * Rejects with an Error that says what is wrong with the path.
 */
export async function listenOnSocket(server: Server, { path, mode = 0o600 }: UnixSocket) {
  try {
    await listen(server, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) {
      throw new Error('it is there, and is no socket')
    }
    if (await answers(path)) throw new SocketInUse('somebody listens there')
    unlinkSync(path)
    await listen(server, path)
  }
  chmodSync(path, mode)
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // Not even for a moment may others connect; threads cannot set the mask.
    const mask = isMainThread ? process.umask(0o177) : undefined
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
    if (mask !== undefined) process.umask(mask)
  })
}

function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
}
