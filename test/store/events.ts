import { NO_DETAILS } from '../../src/protocol/messages.ts'
import { type Dict, Payload } from '../../src/protocol/payload.ts'
import { SERIALIZERS } from '../../src/serializer/registry.ts'
import type { EventLog, StoredEvent } from '../../src/store/store.ts'

/** An event whose payload came in the bytes of a serializer, or as values without one. */
export function eventOf(
  publication: number,
  { serializer, args = [publication], ...facts }: Partial<StoredEvent> & Given = {},
): StoredEvent {
  return {
    publication,
    time: publication * 1000,
    topic: 'a.b',
    details: NO_DETAILS,
    audience: NO_DETAILS,
    payload: serializer === undefined ? Payload.of(args) : payloadIn(serializer, args),
    ...facts,
  }
}

interface Given {
  serializer?: string
  args?: unknown[]
}

function payloadIn(name: string, args: unknown[]): Payload {
  const serializer = SERIALIZERS.find(one => one.name === name)
  if (serializer === undefined) throw new Error(`no serializer ${name}`)
  const bytes = serializer.closeTail({ args })
  return new Payload(serializer, 1, bytes, 0, bytes.length, null)
}

/** All that a log has, as what can be compared. */
export function contentOf(log: EventLog): Dict[] {
  const content: Dict[] = []
  for (let at = log.first; at < log.next; at++) content.push(plain(log.at(at)))
  return content
}

/** An event with its payload opened. */
export function plain({ payload, ...facts }: StoredEvent): Dict {
  return { ...facts, ...payload.values() }
}
