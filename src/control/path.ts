import { lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ControlError } from './control-error.ts'

/** The socket where none is named: the user's own. */
export function defaultPath(env: NodeJS.ProcessEnv = process.env): string {
  const { XDG_RUNTIME_DIR } = env
  return join(XDG_RUNTIME_DIR || join(tmpdir(), `wampd-${process.getuid?.()}`), 'wampd.sock')
}

/** What a socket's path may have in bytes: systems differ, and the least is macOS's. */
const MAX_PATH = 103

/**
 * Makes the folder of a socket where there is none. Throws a ControlError unless the folder is the
 * user's own and closed to others: who can reach the socket rules the router.
 */
export function prepareFolder(path: string): void {
  if (process.getuid === undefined) throw new ControlError('this system has no unix sockets')
  if (Buffer.byteLength(path) > MAX_PATH) {
    throw new ControlError(`${path} is longer than the ${MAX_PATH} bytes that a socket may have`)
  }
  const folder = dirname(path)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new ControlError(`the folder ${folder} cannot be made: ${(error as Error).message}`)
  }
  // Not through a link: in a folder for temporary files anybody may have laid one.
  const { uid, mode } = lstatSync(folder)
  const isFolder = (mode & 0o170000) === 0o040000
  if (!isFolder) throw new ControlError(`${folder} is not a folder`)
  if (uid !== process.getuid()) throw new ControlError(`${folder} belongs to another user`)
  if ((mode & 0o077) !== 0) {
    throw new ControlError(`${folder} is open to other users: chmod 700 ${folder}`)
  }
}
