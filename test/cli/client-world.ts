import type { LocalSession } from '../../src/client/local-session.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { freePort } from '../helpers/free-port.ts'
import { type Run, until, Wampd } from './wampd.ts'

/** A router for the tests of a suite, and the command line beside it. */
export class ClientWorld {
  readonly wampd = new Wampd()
  url = ''
  port = 0
  #router: Router | undefined

  constructor() {
    beforeEach(async () => {
      this.port = await freePort()
      await this.start()
    })
    afterEach(() => this.stop())
  }

  get router(): Router {
    return this.#router as Router
  }

  /** A session within the router. */
  get local(): LocalSession {
    return this.router.session('realm1')
  }

  async start(): Promise<void> {
    this.#router = createRouter({ development: true })
    this.url = (await this.#router.listen({ port: this.port })).url
  }

  async stop(): Promise<void> {
    await this.#router?.close({ grace: 0 })
    this.#router = undefined
  }

  /** Runs a verb that speaks to the router. */
  run(...args: string[]): Run {
    return this.wampd.runWith({ WAMPD_URL: this.url }, ...args)
  }

  /** The same, with a text on standard input. */
  fed(input: string, ...args: string[]): Run {
    const run = this.run(...args)
    run.process.stdin?.end(input)
    return run
  }

  /** Runs a verb, and waits until it has subscribed or registered. */
  async ready(...args: string[]): Promise<Run> {
    const run = this.run(...args)
    await until(run, () => /^wampd: (registered|subscribed to) /m.test(run.err))
    return run
  }
}

/** What a run has printed, as values, a line each. */
export function printed({ out }: Run): unknown[] {
  return out
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
}

/** How a run has ended, in the form `code: first line of standard error`. */
export async function outcome(run: Run): Promise<string> {
  const code = await run.exited
  return `${code}: ${run.err.split('\n', 1)[0]?.replace(/^wampd: /, '')}`
}
