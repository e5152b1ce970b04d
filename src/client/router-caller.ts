import type { Clock } from '../base/clock.ts'
import { randomId } from '../base/ids.ts'
import type { SessionDetails } from '../meta/meta.ts'
import { CANCELED, NO_SUCH_REALM, TIMEOUT, WampError } from '../protocol/errors.ts'
import { CALL, CANCEL, ERROR, type Message, NO_DETAILS, RESULT } from '../protocol/messages.ts'
import { Payload } from '../protocol/payload.ts'
import { type Role, unrestricted } from '../realm/authorize.ts'
import { UNLIMITED } from '../realm/limits.ts'
import type { Member, Realm } from '../realm/realm.ts'

interface Pending {
  resolve(result: unknown): void
  reject(error: WampError): void
}

/**
 * The router itself as a caller in a realm: it has not joined, so nobody sees, counts or kills it.
 * One serves a realm for as long as that is there.
 */
export class RouterCaller implements Member {
  readonly id: number
  readonly authid = 'wampd'
  readonly role: Role
  readonly limits = UNLIMITED
  readonly features = 0
  readonly details: SessionDetails
  readonly #realm: Realm
  readonly #clock: Clock
  readonly #pending = new Map<number, Pending>()
  #lastRequest = 0

  constructor(realm: Realm, id: number, clock: Clock) {
    this.id = id
    this.role = unrestricted('wampd', realm.uriCheck)
    const { authid, authrole } = this
    const [authmethod, authprovider] = ['internal', 'internal']
    this.details = { session: id, authid, authrole, authmethod, authprovider }
    this.#realm = realm
    this.#clock = clock
  }

  get authrole(): string {
    return this.role.name
  }

  /**
   * The first result of a procedure, or all kwargs where it gives no args. Rejects with a WampError;
   * after `timeout` milliseconds the call is canceled.
   */
  call(procedure: string, args: unknown[], timeout: number): Promise<unknown> {
    const request = ++this.#lastRequest
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(timeout, () => {
        this.#take(request)?.reject(new WampError(TIMEOUT, [`${procedure} did not answer in time`]))
        this.#post({ type: CANCEL, request, options: { mode: 'killnowait' } })
      })
      const settle =
        <Value>(done: (value: Value) => void) =>
        (value: Value) => {
          timer.cancel()
          done(value)
        }
      this.#pending.set(request, { resolve: settle(resolve), reject: settle(reject) })
      const payload = Payload.of(args)
      this.#post({ type: CALL, request, options: NO_DETAILS, procedure, payload })
    })
  }

  send(message: Message): void {
    if (message.type === RESULT) {
      const { args, kwargs } = message.payload.open()
      this.#take(message.request)?.resolve(args?.[0] ?? kwargs)
    } else if (message.type === ERROR) {
      const { args, kwargs } = message.payload.open()
      this.#take(message.request)?.reject(new WampError(message.error, args, kwargs))
    }
  }

  /** It subscribes to nothing. */
  share(): void {}

  /** Its calls end; it may go on calling. */
  kill(): void {
    for (const request of [...this.#pending.keys()]) {
      this.#take(request)?.reject(new WampError(CANCELED))
    }
  }

  #post(message: Message): void {
    this.#realm.receive(this, message)
  }

  #take(request: number): Pending | undefined {
    const pending = this.#pending.get(request)
    this.#pending.delete(request)
    return pending
  }
}

/** A function by which the router calls procedures of realms, found by name. */
export function callerIn(
  realmOf: (name: string) => Realm | undefined,
  clock: Clock,
): (realm: string, procedure: string, args: unknown[], timeout: number) => Promise<unknown> {
  const callers = new WeakMap<Realm, RouterCaller>()
  return async (name, procedure, args, timeout) => {
    const realm = realmOf(name)
    if (realm === undefined) throw new WampError(NO_SUCH_REALM, [`there is no realm ${name}`])
    const caller = callers.get(realm) ?? new RouterCaller(realm, randomId(), clock)
    callers.set(realm, caller)
    return caller.call(procedure, args, timeout)
  }
}
