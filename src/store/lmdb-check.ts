/**
 * Reads an LMDB file from end to end, in a process of its own: LMDB trusts its files, and a damaged
 * one takes the process down that reads it. `node lmdb-check.js FILE` ends with 0 where the file is
 * sound, and else with the reason on standard error, or by a signal.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { headsOf, type LmdbFile, openFile } from './lmdb-file.ts'
import { eventOf, opened } from './record.ts'
import { sizeOfEvent } from './store.ts'

/** Where the first page has LMDB's mark, and what it is. */
const MAGIC_AT = 24
const MAGIC = 0xbeefc0de

const [, , path = ''] = process.argv
try {
  if (!hasMagic(path)) throw new Error('it is no LMDB file')
  const file = openFile(path)
  checkHistories(file)
  for (const { value } of file.retained.getRange({})) opened(value)
  await file.root.close()
} catch (error) {
  process.stderr.write((error as Error).message)
  process.exitCode = 1
}

function hasMagic(path: string): boolean {
  const start = Buffer.alloc(MAGIC_AT + 4)
  const file = openSync(path, 'r')
  readSync(file, start)
  closeSync(file)
  return start.readUInt32LE(MAGIC_AT) === MAGIC
}

/** Every history has the events that its head says, and there are no others. */
function checkHistories(file: LmdbFile): void {
  let count = 0
  for (const [digest, [first, next, bytes]] of headsOf(file)) {
    let rest = bytes
    for (let position = first; position < next; position++) {
      rest -= sizeOfEvent(eventOf(opened(file.events.get([digest, position]))))
    }
    if (rest !== 0) throw new Error('a history has lost bytes')
    count += next - first
  }
  if (file.events.getKeysCount() !== count) throw new Error('there are events of no history')
}
