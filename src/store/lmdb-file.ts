import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import type { Database, RootDatabase } from 'lmdb'
import { opened, sealed } from './record.ts'

/** What an LMDB file of wampd holds. Keys of heads and retained events are digests of URIs. */
export interface LmdbFile {
  readonly root: RootDatabase
  /** Of each history its first and next position, bytes, and time of the newest dropped event. */
  readonly heads: Database<Buffer, string>
  /** The events of histories, by digest and position. */
  readonly events: Database<Buffer, [string, number]>
  /** The retained events, one or two a topic. */
  readonly retained: Database<Buffer, string>
}

/** The layout above; a file of another one is refused. */
const FORMAT = 1
const FORMAT_KEY = 'format'

/**
 * Opens a file, or makes it. The package is loaded here and nowhere else: it takes memory, time and
 * disk that only those realms should pay who store to disk. Throws Error where the file is of others.
 */
export function openFile(path: string): LmdbFile {
  const { open } = loadLmdb()
  const binary = { encoding: 'binary', cache: false } as const
  const root = open({
    ...{ path, noSubdir: true, maxDbs: 3, ...binary },
    // A commit is on disk when it says that it is done.
    overlappingSync: false,
    // We batch ourselves, and of its own batches nobody could hear that one failed: an unhandled
    // rejection, which ends the process, where the disk is full.
    eventTurnBatching: false,
  })
  const isNew = root.getKeysCount() === 0
  const heads = root.openDB<Buffer, string>('heads', binary)
  const format = heads.get(FORMAT_KEY)
  if (format === undefined && !isNew) throw new Error('it is not of wampd')
  if (format !== undefined && opened(format)[0] !== FORMAT)
    throw new Error('its format is not known')
  heads.putSync(FORMAT_KEY, sealed([FORMAT]))
  return {
    root,
    heads,
    events: root.openDB('events', binary),
    retained: root.openDB('retained', binary),
  }
}

function loadLmdb(): typeof import('lmdb') {
  const require = createRequire(import.meta.url)
  try {
    require.resolve('lmdb')
  } catch {
    throw new Error('stores of type lmdb need the package lmdb: npm install lmdb')
  }
  return require('lmdb')
}

/** Keys of LMDB are short, and URIs may not be. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** All heads, by digest. */
export function* headsOf({ heads }: LmdbFile): Iterable<[string, Head]> {
  for (const { key, value } of heads.getRange({})) {
    if (key !== FORMAT_KEY) yield [key, opened(value) as Head]
  }
}

/** First and next position, bytes, time of the newest dropped event or null. */
export type Head = [first: number, next: number, bytes: number, dropped: number | null]
