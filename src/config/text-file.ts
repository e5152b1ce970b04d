import { readFileSync, statSync } from 'node:fs'
import { whyUnread } from '../base/why-unread.ts'

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

function sizeText(bytes: number): string {
  return bytes < 1024 * 1024 ? `${bytes / 1024} KB` : `${bytes / 1024 / 1024} MB`
}
