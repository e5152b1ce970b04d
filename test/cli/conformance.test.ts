import { expect } from 'chai'
import { createRouter, type Router } from '../../src/router.ts'
import { faultyRouter } from '../conformance/faulty-router.ts'
import { Wampd } from './wampd.ts'

describe('command line: conformance', function () {
  this.timeout(60_000)
  const wampd = new Wampd()
  let router: Router
  let url: string

  beforeEach(async () => {
    router = createRouter({ development: true })
    url = (await router.listen({ port: 0 })).url
  })
  afterEach(() => router.close())

  it('prints a line for each feature, and what they come to', async () => {
    const run = wampd.run('conformance', url)
    expect([await run.exited, run.err]).deep.equal([0, ''])
    expect(run.out).match(/^dealer {5}call_canceling {18}announced {5}works {4}4 of 4$/m)
    expect(run.out).match(/^35 features: 30 works, 0 PARTLY, 0 FAILS, 0 absent, 5 unproven$/m)
  })

  it('gives JSON for programs, and fails where the router does wrong', async () => {
    // An INTERRUPT never comes.
    const faulty = await faultyRouter(url, message => (message[0] === 69 ? null : message))
    try {
      const run = wampd.run('conformance', faulty.url, '--json')
      expect(await run.exited).equal(1)
      const lines = run.out.trim().split('\n')
      const found = lines.map(line => JSON.parse(line) as { feature: string; state: string })
      const states = new Map(found.map(({ feature, state }) => [feature, state]))
      expect(states.get('call_canceling')).equal('partly')
      expect(states.get('shared_registration')).equal('works')
    } finally {
      faulty.close()
    }
  })

  it('comes in by the login that the flags give', async () => {
    const closed = createRouter({
      realms: [{ name: 'realm1', roles: [{ name: 'user', permissions: [] }] }],
      authenticators: {
        users: { ticket: { principals: { joe: { ticket: 'secret', role: 'user' } } } },
      },
    })
    try {
      const { url } = await closed.listen({ port: 0 })
      const args = ['conformance', url, '--authid', 'joe', '--timeout', '2s']
      const wrong = wampd.runWith({ WAMPD_TICKET: 'wrong' }, ...args)
      expect(await wrong.exited).equal(4)
      expect(wrong.err).match(/^wampd: the router refused realm1: .*\n$/)
      // It may do nothing: so nothing is proven, but that it is in.
      const right = wampd.runWith({ WAMPD_TICKET: 'secret' }, ...args)
      await right.exited
      expect(right.out).match(/ {2}– .*: we may not, for \S+: wamp\.error\.not_authorized$/m)
    } finally {
      await closed.close()
    }
  })

  it('says why it cannot begin', async () => {
    const cases = [
      [['ws://127.0.0.1:1/ws'], 1, /^wampd: no connection to \S+: nothing listens there\n$/],
      [['http://127.0.0.1/'], 2, /http:\S+ is no URL of a router: /],
      [[url, '--realm', 'a b'], 2, /--realm/],
      [[url, '--serializer', 'xml'], 2, /--serializer/],
    ] as const
    for (const [args, code, text] of cases) {
      const run = wampd.run('conformance', ...args)
      expect(await run.exited).equal(code)
      expect(run.err).match(text)
    }
  })
})
