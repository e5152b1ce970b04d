import type { Clock } from './base/clock.ts'
import type { Log } from './base/log.ts'
import { changeText } from './config/change-text.ts'
import type { Change } from './config/diff.ts'
import { ConfigError } from './config/problem.ts'
import { WampError } from './protocol/errors.ts'
import { StoreError } from './store/store.ts'
import { ListenError } from './transport/transport.ts'

/** How often a configuration was read again. */
export class Reloads {
  applied = 0
  /** It could not be used, and nothing changed. */
  refused = 0
  /** When one was applied last: milliseconds since 1970; null for never. */
  last: number | null = null
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts what `reload` does. Throws what it throws. */
  count<Outcome>(reload: () => Outcome): Outcome {
    try {
      const outcome = reload()
      this.applied++
      this.last = this.#clock.now()
      return outcome
    } catch (error) {
      this.refused++
      throw error
    }
  }
}

/** What the operator can mend; all else is a fault of the router's. */
const MENDABLE = [ConfigError, ListenError, StoreError, WampError]

/** Reloads, and logs what that changed or why it changed nothing. Throws what `reload` throws. */
export function loggedReload(reload: () => readonly Change[], log: Log): readonly Change[] {
  try {
    const changes = reload()
    log.info({ changes: changes.map(changeText) }, 'configuration reloaded')
    return changes
  } catch (error) {
    const isMendable = MENDABLE.some(kind => error instanceof kind)
    const facts = isMendable ? { problems: (error as Error).message.split('\n') } : { err: error }
    log.error(facts, 'the changed configuration cannot be used; nothing changes')
    throw error
  }
}
