import { readFileSync, statSync } from 'node:fs'

/** A file that cannot be used; the message says why, without its name. */
export class Unreadable extends Error {
  override name = 'Unreadable'
}

/** The text of a file of at most `maxSize` bytes. Throws Unreadable. */
export function readTextFile(file: string, maxSize: number): string {
  let bytes: Buffer
  try {
    const status = statSync(file)
    if (!status.isFile()) throw new Unreadable('is not a file')
    if (status.size > maxSize) throw new Unreadable(`is larger than ${sizeText(maxSize)}`)
    bytes = readFileSync(file)
  } catch (error) {
    if (error instanceof Unreadable) throw error
    throw new Unreadable(whyUnread(error), { cause: error })
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new Unreadable('is not UTF-8 text', { cause: error })
  }
}

const REASONS: Record<string, string> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'no permission to read this file',
  EISDIR: 'is a folder',
}

/** Why a file cannot be read, in words. Node's own text has the path in it, variables and all. */
export function whyUnread(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? 'no reason known'
  return REASONS[code] ?? `cannot be read (${code})`
}

function sizeText(bytes: number): string {
  return bytes < 1024 * 1024 ? `${bytes / 1024} KB` : `${bytes / 1024 / 1024} MB`
}
