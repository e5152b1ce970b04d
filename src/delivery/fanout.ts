import type { EventMessage } from '../protocol/messages.ts'
import type { Peer } from './outlet.ts'
import { SharedMessage } from './shared-message.ts'

/**
 * Gives an event to all members of a subscription but `except` and those whom `admits` leaves
 * out. It is encoded once for each serializer that they speak.
 */
export function fanOut(
  members: ReadonlySet<Peer>,
  event: EventMessage,
  except: Peer | null,
  admits: ((peer: Peer) => boolean) | null,
): void {
  const shared = new SharedMessage(event)
  for (const peer of members) {
    if (peer === except) continue
    if (admits === null || admits(peer)) peer.share(shared)
  }
}
