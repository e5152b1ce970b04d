import type { SharedMessage } from '../../src/delivery/shared-message.ts'
import type { SessionDetails } from '../../src/meta/meta.ts'
import { PayloadError } from '../../src/protocol/errors.ts'
import {
  type ElementReader,
  type ElementWriter,
  type Message,
  NO_DETAILS,
  shapeOf,
} from '../../src/protocol/messages.ts'
import { type Dict, Payload } from '../../src/protocol/payload.ts'
import { type Role, unrestricted } from '../../src/realm/authorize.ts'
import type { Limits } from '../../src/realm/limits.ts'
import type { Member } from '../../src/realm/realm.ts'

let lastId = 0

/** A session without a client behind it: it keeps what it is sent. */
export class Recorder implements Member {
  readonly id: number
  readonly authid: string
  readonly role: Role
  readonly features: number
  /** How it was killed. */
  readonly killed: unknown[][] = []
  /** What came, shared messages too. */
  readonly messages: Message[] = []
  /** The shared ones among them. */
  readonly shared: SharedMessage[] = []
  /** Messages that its serializer cannot carry. */
  refuses: (message: Message) => boolean = () => false

  constructor(who: { id?: number; authid?: string; role?: Role; features?: number } = {}) {
    this.id = who.id ?? ++lastId
    this.authid = who.authid ?? `user${this.id}`
    this.role = who.role ?? unrestricted('tester', 'loose')
    this.features = who.features ?? 0
  }

  get authrole(): string {
    return this.role.name
  }

  get limits(): Limits {
    return this.role.rules.limits
  }

  get details(): SessionDetails {
    const { id, authid, authrole } = this
    return { session: id, authid, authrole, authmethod: 'anonymous', authprovider: 'static' }
  }

  kill(reason: string, message?: string): void {
    this.killed.push(message === undefined ? [reason] : [reason, message])
  }

  send(message: Message): void {
    if (this.refuses(message)) throw new PayloadError('it does not fit')
    this.messages.push(message)
  }

  share(message: SharedMessage): void {
    this.shared.push(message)
    this.send(message.message)
  }

  /** What has come since the last time, as lists. */
  take(): unknown[][] {
    return this.messages.splice(0).map(listOf)
  }
}

/** A message as the list that lies on the wire. */
export function listOf(message: Message): unknown[] {
  const list: unknown[] = [message.type]
  const writer: ElementWriter = {
    integer: append,
    string: append,
    dict: append,
    payload(payload) {
      const { args, kwargs } = payload.open()
      if (args !== undefined) list.push(args)
      if (kwargs !== undefined) list.push(kwargs)
      return writer
    },
  }
  function append(value: unknown) {
    list.push(value)
    return writer
  }
  shapeOf(message.type)?.write(writer, message)
  return list
}

/** The message that a list on the wire is; the list must be sound. */
export function messageOf(list: readonly unknown[]): Message {
  const [code, ...elements] = list
  const next = () => elements.shift()
  const reader: ElementReader = {
    id: () => next() as number,
    integer: () => next() as number,
    string: () => next() as string,
    dict() {
      const dict = next() as Dict
      return Object.keys(dict).length === 0 ? NO_DETAILS : dict
    },
    hasMore: () => elements.length > 0,
    payload: () => Payload.of(...(elements.splice(0) as [unknown[]?, Dict?])),
  }
  const shape = shapeOf(code as number)
  if (shape === undefined) throw new Error(`no message has code ${code}`)
  return shape.read(reader)
}
