import type { Clock, Timer } from '../../base/clock.ts'
import { UNAVAILABLE } from '../../protocol/errors.ts'
import { Problem } from './problem.ts'
import type { HttpSession } from './session.ts'

export interface KeepTerms {
  /** How long a session is kept that no request uses: milliseconds. */
  readonly keep: number
  readonly maxSessions: number
}

/** No request gets a session that is older: who may come in, and as what, may change. Milliseconds. */
const MAX_AGE = 300_000

interface Kept {
  readonly session: HttpSession
  readonly joined: Promise<void>
  readonly born: number
  users: number
  timer: Timer | null
}

/** A session for the time of a request. */
export interface Lease {
  readonly session: HttpSession
  release(): void
}

/** Opens a session; `ended` is to be called when it is over. */
export type Opening = (ended: () => void) => { session: HttpSession; joined: Promise<void> }

/** The sessions of requests, each kept for a while for the next request of the same client. */
export class KeptSessions {
  readonly #clock: Clock
  readonly #terms: () => KeepTerms
  /** Those that were used longest ago come first. */
  readonly #kept = new Map<string, Kept>()

  constructor(clock: Clock, terms: () => KeepTerms) {
    this.#clock = clock
    this.#terms = terms
  }

  /** The session of a client, once it stands. Rejects with a Problem where there is none. */
  async lease(key: string, open: Opening): Promise<Lease> {
    const kept = this.#find(key) ?? this.#open(key, open)
    kept.users++
    kept.timer?.cancel()
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    let isReleased = false
    const release = () => {
      if (isReleased) return
      isReleased = true
      this.#release(key, kept)
    }
    try {
      await kept.joined
    } catch (error) {
      release()
      throw error
    }
    return { session: kept.session, release }
  }

  /** Ends those that no request uses; the others end with their requests. */
  close(): void {
    for (const [key, kept] of this.#kept) if (kept.users === 0) this.#drop(key, kept)
    this.#kept.clear()
  }

  #find(key: string): Kept | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined || this.#clock.now() - kept.born < MAX_AGE) return kept
    if (kept.users === 0) this.#drop(key, kept)
    return undefined
  }

  #open(key: string, open: Opening): Kept {
    if (this.#kept.size >= this.#terms().maxSessions) this.#makeRoom()
    const kept: Kept = {
      // It may end before it is there.
      ...open(() => queueMicrotask(() => this.#forget(key, kept))),
      born: this.#clock.now(),
      users: 0,
      timer: null,
    }
    return kept
  }

  #makeRoom(): void {
    for (const [key, kept] of this.#kept) {
      if (kept.users > 0) continue
      this.#drop(key, kept)
      return
    }
    throw new Problem(UNAVAILABLE, 'too many sessions have requests')
  }

  #release(key: string, kept: Kept): void {
    kept.users--
    if (kept.users > 0) return
    // A newer one has taken its place, or nothing is kept any more.
    if (this.#kept.get(key) !== kept) kept.session.leave()
    else kept.timer = this.#clock.after(this.#terms().keep, () => this.#drop(key, kept))
  }

  #drop(key: string, kept: Kept): void {
    this.#forget(key, kept)
    kept.session.leave()
  }

  #forget(key: string, kept: Kept): void {
    kept.timer?.cancel()
    if (this.#kept.get(key) === kept) this.#kept.delete(key)
  }
}
