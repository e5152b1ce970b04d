import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Match } from '../match/uri.ts'
import { claim } from './claim.ts'
import { digest, type Head, headsOf, type LmdbFile, openFile } from './lmdb-file.ts'
import { eventOf, inBytes, opened, sealed, valuesOf } from './record.ts'
import { type EventLog, type Store, type StoredEvent, StoreError, sizeOfEvent } from './store.ts'

/** Files that are open here: two stores would write over each other. */
const openPaths = new Set<string>()

/**
 * A store in an LMDB file. What is written is there to be read at once, and goes to disk in
 * commits: while one is on its way, what is written meanwhile gathers for the next. A commit has
 * what has changed and not how, so that waiting takes no more memory than the bounds of what is
 * kept.
 */
export class LmdbStore implements Store {
  readonly #path: string
  readonly #file: LmdbFile
  /** Lets others have the file. */
  readonly #release: () => void
  readonly #logs = new Map<string, LmdbLog>()
  #changedLogs = new Set<LmdbLog>()
  #changedTopics = new Map<string, readonly StoredEvent[]>()
  /** The last commit that is not over: it waits for those before it. */
  #commit: Promise<void> | null = null
  /** It has not begun, and takes all changes until it does. */
  #gathers = false
  /** The last commit could not be written. */
  #fails = false

  /** Opens the file, or makes it. Throws StoreError where it is damaged, or of others. */
  constructor(path: string) {
    this.#path = resolve(path)
    if (openPaths.has(this.#path)) throw new StoreError(path, 'it is open already')
    this.#release = claim(this.#path)
    try {
      this.#file = openSound(this.#path)
    } catch (error) {
      this.#release()
      throw error
    }
    openPaths.add(this.#path)
    const heads = new Map(headsOf(this.#file))
    for (const [key, head] of heads) this.#logs.set(key, this.#newLog(key, head))
  }

  log(match: Match, uri: string): EventLog {
    const key = digest(`${match} ${uri}`)
    const log = this.#logs.get(key) ?? this.#newLog(key, [1, 1, 0, null])
    this.#logs.set(key, log)
    return log
  }

  retained(): StoredEvent[] {
    const events: StoredEvent[] = []
    for (const { value } of this.#file.retained.getRange({})) {
      for (const values of opened(value)) events.push(eventOf(values as unknown[]))
    }
    return events.sort((a, b) => a.time - b.time)
  }

  retain(topic: string, events: readonly StoredEvent[]): void {
    this.#changedTopics.set(topic, events.map(inBytes))
    this.#schedule()
  }

  lasting(): Promise<void> | null {
    return this.#commit
  }

  async close(): Promise<void> {
    try {
      while (this.#commit !== null) await this.#commit
    } finally {
      await this.#file.root.close()
      openPaths.delete(this.#path)
      this.#release()
    }
  }

  #newLog(key: string, head: Head): LmdbLog {
    return new LmdbLog(this.#file, key, head, log => {
      this.#changedLogs.add(log)
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#gathers) return
    this.#gathers = true
    const before = this.#commit ?? Promise.resolve()
    const commit = before.catch(() => {}).then(() => this.#write())
    this.#commit = commit
    const over = () => {
      if (this.#commit === commit) this.#commit = null
    }
    commit.then(over, over)
  }

  /** One transaction with all that has changed. What cannot be written stays to be. */
  async #write(): Promise<void> {
    this.#gathers = false
    const [logs, topics] = [this.#changedLogs, this.#changedTopics]
    this.#changedLogs = new Set()
    this.#changedTopics = new Map()
    try {
      await this.#file.root.batch(() => {
        for (const log of logs) log.write()
        for (const [topic, events] of topics) this.#writeRetained(topic, events)
      })
    } catch (error) {
      for (const log of logs) this.#changedLogs.add(log)
      this.#changedTopics = new Map([...topics, ...this.#changedTopics])
      const failure = new StoreError(this.#path, await reasonOf(error as CommitError))
      // Publications without acknowledge fail, too, and nobody else would say so.
      if (!this.#fails) process.emitWarning(failure)
      this.#fails = true
      throw failure
    }
    this.#fails = false
    for (const log of logs) log.written()
  }

  #writeRetained(topic: string, events: readonly StoredEvent[]): void {
    const { retained } = this.#file
    const key = digest(topic)
    if (events.length === 0) void retained.remove(key)
    else void retained.put(key, sealed(events.map(valuesOf)))
  }
}

/** lmdb tells by another promise why a commit failed; unheard, it would end the process. */
type CommitError = Error & { readonly commitError?: Promise<never> }

/** Does not wait for a reason that never comes. */
async function reasonOf(error: CommitError): Promise<string> {
  const told = error.commitError?.catch((reason: Error) => reason)
  const soon = new Promise<undefined>(resolve => setImmediate(() => resolve(undefined)))
  return ((await Promise.race([told, soon])) ?? error).message
}

class LmdbLog implements EventLog {
  first: number
  next: number
  bytes: number
  dropped: number | undefined
  readonly #file: LmdbFile
  readonly #key: string
  readonly #changed: (log: LmdbLog) => void
  /** What is not on disk yet. */
  readonly #unwritten = new Map<number, StoredEvent>()
  /** What is on disk, and what will be when the commit under way is over. */
  #onDisk: { first: number; next: number }
  #underWay: { first: number; next: number }

  constructor(file: LmdbFile, key: string, head: Head, changed: (log: LmdbLog) => void) {
    const [first, next, bytes, dropped] = head
    this.first = first
    this.next = next
    this.bytes = bytes
    this.dropped = dropped ?? undefined
    this.#file = file
    this.#key = key
    this.#changed = changed
    this.#onDisk = { first, next }
    this.#underWay = this.#onDisk
  }

  push(event: StoredEvent): void {
    const kept = inBytes(event)
    this.#unwritten.set(this.next++, kept)
    this.bytes += sizeOfEvent(kept)
    this.#changed(this)
  }

  shift(): void {
    const event = this.at(this.first)
    this.bytes -= sizeOfEvent(event)
    this.dropped = event.time
    this.#unwritten.delete(this.first++)
    this.#changed(this)
  }

  at(position: number): StoredEvent {
    const event = this.#unwritten.get(position)
    return event ?? eventOf(opened(this.#file.events.get([this.#key, position])))
  }

  /** Writes what has changed since the last commit, within a transaction. */
  write(): void {
    const { heads, events } = this.#file
    const { first, next, bytes, dropped } = this
    for (const [position, event] of this.#unwritten) {
      void events.put([this.#key, position], sealed(valuesOf(event)))
    }
    const until = Math.min(first, this.#onDisk.next)
    for (let at = this.#onDisk.first; at < until; at++) void events.remove([this.#key, at])
    void heads.put(this.#key, sealed([first, next, bytes, dropped ?? null]))
    this.#underWay = { first, next }
  }

  /** The commit is over. */
  written(): void {
    this.#onDisk = this.#underWay
    for (const position of this.#unwritten.keys()) {
      if (position >= this.#onDisk.next) return
      this.#unwritten.delete(position)
    }
  }
}

/** Opens a file that has been found sound by a process that may die of it. */
function openSound(path: string): LmdbFile {
  try {
    mkdirSync(dirname(path), { recursive: true })
    if (existsSync(path) && statSync(path).size > 0) check(path)
    return openFile(path)
  } catch (error) {
    throw new StoreError(path, (error as Error).message)
  }
}

function check(path: string): void {
  const script = fileURLToPath(new URL('./lmdb-check.js', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [script, path], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (status === 0) return
  throw new Error(status === 1 ? stderr : 'it is damaged')
}
