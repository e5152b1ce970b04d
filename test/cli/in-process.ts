import { join } from 'node:path'
import type { LocalSession } from '../../src/client/local-session.ts'
import type { ControlSocket } from '../../src/control/serve.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { controlled } from '../helpers/controlled.ts'
import type { Wampd } from './wampd.ts'

/** A router in the process of a suite, for each test, where the verbs of its `Wampd` look for one. */
export class InProcess {
  router!: Router
  /** What was asked of its API. */
  readonly asked: string[] = []
  readonly #path: string
  #control!: ControlSocket

  constructor(wampd: Wampd) {
    this.#path = join(wampd.folder, 'wampd.sock')
    beforeEach(() => this.open())
    afterEach(() => this.close())
  }

  async open(): Promise<void> {
    this.router = createRouter({ development: true })
    this.asked.splice(0)
    const api = this.router.api()
    this.#control = await controlled(this.router, this.#path, (request, response) => {
      this.asked.push(request.url ?? '')
      api(request, response)
    })
  }

  async close(): Promise<void> {
    await this.#control.close()
    await this.router.close()
  }

  /** Sessions of users by these names. */
  join(realm: string, ...authids: string[]): LocalSession[] {
    return authids.map(authid => this.router.session(realm, { authid }))
  }
}
