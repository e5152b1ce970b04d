import { isDeepStrictEqual } from 'node:util'
import type { Surroundings } from './auth/auth.ts'
import type { Config, RealmConfig } from './config/schema.ts'
import { type Measures, pubsubOf, realmOf, realmOnDemand, rulesOf } from './from-config.ts'
import { CLOSE_REALM, ROLE_REMOVED } from './protocol/errors.ts'
import type { Role } from './realm/authorize.ts'
import type { Realm, RealmLoad } from './realm/realm.ts'

/** Realms that clients may call into being in development. */
const MAX_ON_DEMAND = 1000

/** The realms of a router: those of its configuration, and in development those that clients name. */
export class Realms {
  readonly #realms = new Map<string, Realm>()
  readonly #development: boolean
  readonly #surroundings: Surroundings
  readonly #measures: Measures
  #configured: readonly RealmConfig[] = []

  constructor(development: boolean, surroundings: Surroundings, measures: Measures) {
    this.#development = development
    this.#surroundings = surroundings
    this.#measures = measures
  }

  /** The realm of that name; in development there is always one, up to a number. */
  get(name: string): Realm | undefined {
    const known = this.#realms.get(name)
    if (known !== undefined || !this.#development) return known
    if (this.#realms.size >= MAX_ON_DEMAND) this.#dropEmpty()
    if (this.#realms.size >= MAX_ON_DEMAND) return undefined
    const realm = realmOnDemand(name, this.#surroundings, this.#measures)
    this.#realms.set(name, realm)
    return realm
  }

  all(): Iterable<Realm> {
    return this.#realms.values()
  }

  /** The realm of that name, if it is there already. */
  find(name: string): Realm | undefined {
    return this.#realms.get(name)
  }

  /** How much each has. */
  loads(): ({ readonly name: string } & RealmLoad)[] {
    return [...this.all()].map(({ name, load }) => ({ name, ...load }))
  }

  /**
   * Makes the realms of a configuration that are not there yet, for `change`. Throws a StoreError
   * where one cannot be.
   */
  prepare({ realms }: Config): Map<string, Realm> {
    const fresh = new Map<string, Realm>()
    try {
      for (const realm of realms) {
        if (this.#realms.has(realm.name)) continue
        fresh.set(realm.name, realmOf(realm, this.#surroundings, this.#measures))
      }
    } catch (error) {
      this.discard(fresh)
      throw error
    }
    return fresh
  }

  /** Gives up what `prepare` made. */
  discard(fresh: ReadonlyMap<string, Realm>): void {
    for (const realm of fresh.values()) void this.#close(realm)
  }

  /**
   * Takes up a configuration, and what was prepared for it, all of it in this turn. Sessions stay,
   * where their role does.
   */
  change({ realms, reload }: Config, fresh: ReadonlyMap<string, Realm>): void {
    for (const [name, realm] of fresh) this.#realms.set(name, realm)
    const before = new Map(this.#configured.map(realm => [realm.name, realm]))
    this.#configured = realms
    for (const realm of realms) {
      const known = this.#realms.get(realm.name) as Realm
      // Rules that are as they were keep the verdicts that they have reached.
      if (!fresh.has(realm.name) && !isDeepStrictEqual(before.get(realm.name), realm)) {
        known.limit(realm.rpc, pubsubOf(realm), realm.limits)
        const gone = known.changeRoles(rulesOf(realm, this.#surroundings))
        if (reload.orphans === 'close') closeOrphans(known, gone)
      }
      before.delete(realm.name)
    }
    for (const name of before.keys()) this.#drop(name)
  }

  /** Resolves when all that realms keep is written. There are no sessions any more. */
  async close(): Promise<void> {
    await Promise.all([...this.#realms.values()].map(realm => this.#close(realm)))
  }

  /** A realm is gone, and with it the sessions in it. */
  #drop(name: string): void {
    const realm = this.#realms.get(name) as Realm
    this.#realms.delete(name)
    for (const member of realm.members.values()) {
      member.kill(CLOSE_REALM, 'the realm is there no more')
    }
    void this.#close(realm)
  }

  async #close(realm: Realm): Promise<void> {
    try {
      await realm.close()
    } catch (error) {
      const { log } = this.#surroundings
      log.error({ realm: realm.name, err: error }, 'not all that is to be kept was written')
    }
  }

  #dropEmpty(): void {
    const kept = new Set(this.#configured.map(realm => realm.name))
    for (const [name, { members }] of this.#realms) {
      if (members.size === 0 && !kept.has(name)) this.#realms.delete(name)
    }
  }
}

/** Ends the sessions whose role is gone. */
function closeOrphans(realm: Realm, gone: readonly Role[]): void {
  for (const member of realm.members.values()) {
    // What an authorizer decides for is a role of its own, with the same rules.
    if (!gone.some(({ rules }) => rules === member.role.rules)) continue
    member.kill(ROLE_REMOVED, `the role ${member.role.name} is there no more`)
  }
}
