import type { Log } from './base/log.ts'
import { changeText } from './config/change-text.ts'
import type { Change } from './config/diff.ts'
import { ConfigError } from './config/problem.ts'
import { WampError } from './protocol/errors.ts'
import { StoreError } from './store/store.ts'
import { ListenError } from './transport/transport.ts'

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
