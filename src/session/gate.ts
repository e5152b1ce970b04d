import { type Match, matchIn } from '../match/uri.ts'
import { QUEUE_FULL } from '../protocol/errors.ts'
import { CALL, GOODBYE, type Message, PUBLISH, REGISTER, SUBSCRIBE } from '../protocol/messages.ts'
import type { AskedRole } from '../realm/asked-role.ts'
import { MAY_CALL, MAY_PUBLISH, MAY_REGISTER, MAY_SUBSCRIBE } from '../realm/authorize.ts'
import { type Action, type Answer, answerIn } from '../realm/authorizer.ts'
import type { Member, Realm, Routed } from '../realm/realm.ts'

/** A session with an authorizer. */
interface Guarded extends Member {
  readonly realm: Realm
  /** Takes a message whose turn it is. Throws ProtocolViolation. */
  route(message: Message): void
  /** Ends the session because of an error that its message has brought about. */
  fail(error: unknown): void
  /** Ends the session as its client asks. */
  leave(): void
}

/** A message that waits, and the bytes that it came in. */
interface Waiting {
  readonly message: Message
  readonly size: number
}

/** Bytes of messages that may wait. */
const MAX_BYTES = 4 << 20

/**
 * Where the messages of a session wait while its authorizer is asked about one of them, in their
 * order. What is settled passes at once.
 */
export class Gate {
  readonly #session: Guarded
  readonly #role: AskedRole
  /** What the authorizer is asked about. */
  #asked: Routed | null = null
  #queue: Waiting[] = []
  #bytes = 0
  /** The last answer did not come; it is logged once, or a client could fill the log. */
  #hasFailed = false

  constructor(session: Guarded, role: AskedRole) {
    this.#session = session
    this.#role = role
  }

  /** Something waits. */
  get isShut(): boolean {
    return this.#asked !== null
  }

  /** True while a CALL waits: one with this request or, without it, any. */
  holdsCall(request?: number): boolean {
    const isMeant = (one: Message | null) =>
      one?.type === CALL && (request === undefined || one.request === request)
    return isMeant(this.#asked) || this.#queue.some(({ message }) => isMeant(message))
  }

  /** A message of the client, which came in `size` bytes. Throws ProtocolViolation. */
  receive(message: Message, size: number): void {
    if (this.#asked === null) this.#pass(message)
    else this.#wait(kept(message), size)
  }

  #pass(message: Message): void {
    if (message.type === GOODBYE) this.#session.leave()
    else if (isSettled(this.#role, message)) this.#session.route(message)
    else this.#ask(kept(message) as Routed)
  }

  #wait(message: Message, size: number): void {
    this.#bytes += size
    const max = this.#role.authorizer?.maxQueue ?? 0
    if (this.#queue.length < max && this.#bytes <= MAX_BYTES) this.#queue.push({ message, size })
    else {
      // One that is left out could be an answer that somebody waits for.
      this.#queue = []
      this.#session.realm.countRefusal('queues_full')
      this.#session.kill(QUEUE_FULL, 'too many messages wait for the authorizer')
    }
  }

  #ask(message: Routed): void {
    const { rules } = this.#role
    this.#asked = message
    void this.#answerOn(message).then(answer => {
      this.#asked = null
      this.#goOn(() => {
        // Other rules since: what the authorizer of the old ones says does not count.
        if (rules !== this.#role.rules) this.#pass(message)
        else this.#settle(message, answer)
      })
    })
  }

  /** The authorizer's answer; null where it fails. */
  async #answerOn(message: Routed): Promise<Answer | null> {
    const { authorizer } = this.#role
    const { action } = ACTIONS[message.type] as Asking
    const uri = uriOf(message)
    try {
      const { details } = this.#session
      const answer = answerIn(await authorizer?.ask(details, uri, action, message.options))
      this.#hasFailed = false
      return answer
    } catch (error) {
      if (!this.#hasFailed) {
        const { message: reason } = error as Error
        authorizer?.log.warn({ uri, action, reason }, 'the authorizer failed')
      }
      this.#hasFailed = true
      return null
    }
  }

  #settle(message: Routed, answer: Answer | null): void {
    const { realm } = this.#session
    if (answer === null) realm.fail(this.#session, message)
    else {
      const { bit } = ACTIONS[message.type] as Asking
      this.#role.decide(bit, uriOf(message), matchOf(message) ?? 'exact', answer)
      this.#session.route(message)
    }
  }

  /** Has the message pass that waited first, and then those behind it, up to one to ask about. */
  #goOn(passFirst: () => void): void {
    const session = this.#session
    const isHere = () => session.realm.members.get(session.id) === session
    try {
      if (isHere()) passFirst()
      while (this.#asked === null && isHere()) {
        const next = this.#queue.shift()
        if (next === undefined) return
        this.#bytes -= next.size
        this.#pass(next.message)
      }
    } catch (error) {
      session.fail(error)
    }
  }
}

/** What is asked about a message, and the bit of a verdict that stands for it. */
interface Asking {
  readonly action: Action
  readonly bit: number
}

const ACTIONS: Readonly<Record<number, Asking>> = {
  [CALL]: { action: 'call', bit: MAY_CALL },
  [REGISTER]: { action: 'register', bit: MAY_REGISTER },
  [PUBLISH]: { action: 'publish', bit: MAY_PUBLISH },
  [SUBSCRIBE]: { action: 'subscribe', bit: MAY_SUBSCRIBE },
}

/** Whether a message needs no answer of the authorizer's: most need none, and nothing is made for it. */
function isSettled(role: AskedRole, message: Message): boolean {
  switch (message.type) {
    case PUBLISH:
      return role.isSettled(MAY_PUBLISH, message.topic, 'exact')
    case CALL:
      return role.isSettled(MAY_CALL, message.procedure, 'exact')
    case SUBSCRIBE: {
      const match = matchOf(message)
      return match === undefined || role.isSettled(MAY_SUBSCRIBE, message.topic, match)
    }
    case REGISTER: {
      const match = matchOf(message)
      return match === undefined || role.isSettled(MAY_REGISTER, message.procedure, match)
    }
    default:
      return true
  }
}

/** The match policy of a request; undefined where there is none of that name. */
function matchOf(message: Message): Match | undefined {
  return message.type === SUBSCRIBE || message.type === REGISTER
    ? matchIn(message.options)
    : 'exact'
}

function uriOf(message: Routed): string {
  return 'topic' in message ? message.topic : message.procedure
}

/** A message that outlives the frame it came in. */
function kept(message: Message): Message {
  return 'payload' in message ? { ...message, payload: message.payload.keep() } : message
}
