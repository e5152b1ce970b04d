import { type FSWatcher, statSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { includedFiles } from './include.ts'

/** How long files must be as they are before they are taken for complete: ms. */
const QUIET = 100

/** The files that make up a configuration now: its own and those that its `include` meets. */
export function filesOf(file: string, include: readonly string[]): string[] {
  const included = include.flatMap(pattern => {
    const found = includedFiles(pattern, file)
    return typeof found === 'string' ? [] : found
  })
  return [file, ...included]
}

/**
 * Tells when files have changed and then been left alone for a moment: many writes are one change,
 * and half of a file is none. It watches their folders, as editors put new files in the place of old
 * ones, and looks at the files themselves whenever something happens there.
 */
export class FileWatch {
  readonly #files: () => readonly string[]
  readonly #changed: () => void
  readonly #clock: Clock
  readonly #log: Log
  readonly #folders = new Map<string, FSWatcher>()
  /** The state of the files that `changed` was told of last, and that of the last look. */
  #known: string
  #seen: string
  #timer: Timer | null = null
  #isStopped = false

  /** `files` is asked on each look: some may have come by an `include`. */
  constructor(files: () => readonly string[], changed: () => void, clock: Clock, log: Log) {
    this.#files = files
    this.#changed = changed
    this.#clock = clock
    this.#log = log
    this.#known = stateOf(files())
    this.#seen = this.#known
    this.#watchFolders()
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    for (const folder of this.#folders.values()) folder.close()
    this.#folders.clear()
  }

  #happened = (): void => {
    // The system may still have events for folders that are watched no more.
    if (!this.#isStopped) this.#timer ??= this.#clock.after(QUIET, this.#look)
  }

  #look = (): void => {
    this.#timer = null
    const state = stateOf(this.#files())
    const isSettled = state === this.#seen
    this.#seen = state
    if (!isSettled) this.#happened()
    else if (state !== this.#known) {
      this.#known = state
      this.#changed()
      if (!this.#isStopped) this.#watchFolders()
    }
  }

  #watchFolders(): void {
    const wanted = new Set(this.#files().map(file => dirname(file)))
    for (const [path, watcher] of this.#folders) {
      if (wanted.delete(path)) continue
      watcher.close()
      this.#folders.delete(path)
    }
    for (const path of wanted) {
      try {
        const watcher = watch(path, { persistent: false }, this.#happened)
        watcher.on('error', error => this.#log.warn({ path, err: error }, 'cannot watch'))
        this.#folders.set(path, watcher)
      } catch (error) {
        this.#log.warn({ path, err: error }, 'cannot watch')
      }
    }
  }
}

/** Which files there are and when each was written, in one text. */
function stateOf(files: readonly string[]): string {
  return files
    .map(file => {
      const status = statSync(file, { throwIfNoEntry: false })
      return `${file} ${status?.ino} ${status?.size} ${status?.mtimeMs}`
    })
    .join('\n')
}
