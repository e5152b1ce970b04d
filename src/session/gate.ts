import { MATCHES, type Match } from '../match/uri.ts'
import { QUEUE_FULL } from '../protocol/errors.ts'
import { CALL, type Message, PUBLISH, REGISTER, SUBSCRIBE } from '../protocol/messages.ts'
import type { AskedRole } from '../realm/asked-role.ts'
import { MAY_CALL, MAY_PUBLISH, MAY_REGISTER, MAY_SUBSCRIBE } from '../realm/authorize.ts'
import { type Action, answerIn } from '../realm/authorizer.ts'
import type { Member, Realm, Routed } from '../realm/realm.ts'

/** A session with an authorizer. */
interface Guarded extends Member {
  readonly realm: Realm
  /** Ends the session because of an error that its message has brought about. */
  fail(error: unknown): void
}

/** Bytes of payloads that may wait. */
const MAX_BYTES = 4 << 20

/**
 * Where the messages of a session wait while its authorizer is asked about one of them, in their
 * order. What is settled passes at once.
 */
export class Gate {
  readonly #session: Guarded
  readonly #role: AskedRole
  #queue: Message[] = []
  #bytes = 0
  #isWaiting = false
  /** The last answer did not come; it is logged once, or a client could fill the log. */
  #hasFailed = false

  constructor(session: Guarded, role: AskedRole) {
    this.#session = session
    this.#role = role
  }

  /** A message of the client. Throws ProtocolViolation. */
  receive(message: Message): void {
    if (this.#isWaiting) this.#wait(message)
    else this.#pass(message)
  }

  #pass(message: Message): void {
    if (isSettled(this.#role, message)) this.#session.realm.receive(this.#session, message)
    else this.#ask(kept(message) as Routed)
  }

  #wait(message: Message): void {
    const own = kept(message)
    this.#bytes += sizeOf(own)
    const max = this.#role.authorizer?.maxQueue ?? 0
    if (this.#queue.length < max && this.#bytes <= MAX_BYTES) this.#queue.push(own)
    else {
      // One that is left out could be an answer that somebody waits for.
      this.#queue = []
      this.#session.kill(QUEUE_FULL, 'too many messages wait for the authorizer')
    }
  }

  #ask(message: Routed): void {
    this.#isWaiting = true
    void this.#settle(message).then(isAnswered => this.#goOn(message, isAnswered))
  }

  /** Asks the authorizer; false where that fails. */
  async #settle(message: Routed): Promise<boolean> {
    const { authorizer } = this.#role
    const [bit, action] = ACTIONS[message.type] as [number, Action]
    const uri = uriOf(message)
    try {
      const { details } = this.#session
      const answer = await authorizer?.ask(details, uri, action, message.options)
      this.#role.decide(bit, uri, matchOf(message) ?? 'exact', answerIn(answer))
      this.#hasFailed = false
      return true
    } catch (error) {
      if (!this.#hasFailed) {
        const { message: reason } = error as Error
        authorizer?.log.warn({ uri, action, reason }, 'the authorizer failed')
      }
      this.#hasFailed = true
      return false
    }
  }

  #goOn(message: Routed, isAnswered: boolean): void {
    const session = this.#session
    const isHere = () => session.realm.members.get(session.id) === session
    this.#isWaiting = false
    try {
      if (!isHere()) return
      if (isAnswered) session.realm.receive(session, message)
      else session.realm.fail(session, message)
      while (!this.#isWaiting && isHere()) {
        const next = this.#queue.shift()
        if (next === undefined) return
        this.#bytes -= sizeOf(next)
        this.#pass(next)
      }
    } catch (error) {
      session.fail(error)
    }
  }
}

const ACTIONS: Readonly<Record<number, readonly [bit: number, name: Action]>> = {
  [CALL]: [MAY_CALL, 'call'],
  [REGISTER]: [MAY_REGISTER, 'register'],
  [PUBLISH]: [MAY_PUBLISH, 'publish'],
  [SUBSCRIBE]: [MAY_SUBSCRIBE, 'subscribe'],
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
  if (message.type !== SUBSCRIBE && message.type !== REGISTER) return 'exact'
  const wanted = message.options.match ?? 'exact'
  return MATCHES.find(name => name === wanted)
}

function uriOf(message: Routed): string {
  return 'topic' in message ? message.topic : message.procedure
}

/** A message that outlives the frame it came in. */
function kept(message: Message): Message {
  return 'payload' in message ? { ...message, payload: message.payload.keep() } : message
}

function sizeOf(message: Message): number {
  return 'payload' in message ? message.payload.to - message.payload.from : 0
}
