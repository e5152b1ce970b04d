import { expect } from 'chai'
import { createRouter, type Router } from '../../src/router.ts'
import { connect, hangUp, hello, type RawClient, type Wamp } from '../helpers/raw-client.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

const SIDES = ['left', 'right']
const RELOADS = 200
const BATCH = 40

/**
 * One of two configurations. Clients without proof get the role that is named after it, which only
 * it has; users have the role `worker` in both. All roles may use the URI of the configuration's name.
 */
function configOf(side: string, transport: 'uws' | 'ws') {
  const allow = { call: true, publish: true }
  const permissions = [{ uri: `swap.${side}`, match: 'exact' as const, allow }]
  const principals = { joe: { ticket: 'secret', role: 'worker' } }
  return {
    realms: [{ name: 'realm1', roles: [side, 'worker'].map(name => ({ name, permissions })) }],
    authenticators: { [side]: { anonymous: { role: side }, ticket: { principals } } },
    transports: [
      {
        id: 'main',
        type: 'websocket' as const,
        endpoint: { port: 0 },
        auth: [side],
        options: { backend: transport },
      },
    ],
    reload: { orphans: 'keep' as const },
  }
}

for (const transport of TRANSPORTS) {
  describe(`configurations that alternate under load on ${transport}`, () => {
    const configs = SIDES.map(side => configOf(side, transport))
    let router: Router
    let url: string
    let reloads = 0
    let isOver = false

    before(async () => {
      router = createRouter(configs[0])
      const [listening] = await router.start()
      url = listening?.url as string
      const local = router.session('realm1')
      for (const side of SIDES) await local.register(`swap.${side}`, () => side)
    })
    after(async () => {
      hangUp()
      await router.close({ grace: 0 })
    })

    /** Changes the configuration again and again, at times that have to do with nothing. */
    async function alternate(): Promise<void> {
      for (isOver = false; reloads < RELOADS; ) {
        await new Promise(resolve => setTimeout(resolve, (reloads * 7) % 5))
        router.reload(configs[++reloads % 2])
      }
      isOver = true
    }

    it('are seen whole: what changes together is never seen apart', async function () {
      this.timeout(20_000)
      const workers = await Promise.all([worker('wamp.2.json'), worker('wamp.2.msgpack')])
      const alternating = alternate()
      const flips = workers.map(hammer)
      const joins = [join(), join()]
      await alternating
      for (const seen of await Promise.all(flips)) {
        // Each answer tells which configuration decided; it changed at reloads, and not in between.
        expect(seen).above(RELOADS / 20)
        expect(seen).at.most(RELOADS)
      }
      const roles = (await Promise.all(joins)).flat()
      await Promise.all(workers.map(client => client.close()))
      for (const side of SIDES) expect(roles.filter(role => role === side)).length.above(5)
    })

    async function worker(protocol: string): Promise<RawClient> {
      const client = await connect(url, protocol)
      await client.ask(hello('realm1', { authmethods: ['ticket'], authid: 'joe' }))
      expect((await client.ask([5, 'secret', {}]))[0]).equal(2)
      return client
    }

    /** Publishes and calls on both sides in turn; gives how often the configuration was another. */
    async function hammer(client: RawClient): Promise<number> {
      const decided: number[] = []
      for (let request = 1; !isOver; request += BATCH) {
        for (let i = request; i < request + BATCH; i++) {
          const uri = `swap.${SIDES[i % 2]}`
          client.send(i % 4 < 2 ? [16, i, { acknowledge: true }, uri] : [48, i, {}, uri])
        }
        for (const answer of await client.take(BATCH)) {
          const isRefused = answer[0] === 8
          const of = (isRefused ? answer[2] : answer[1]) as number
          if (isRefused) expect(answer[4]).equal('wamp.error.not_authorized')
          decided[of] = isRefused ? 1 - (of % 2) : of % 2
        }
      }
      return decided.filter((side, i) => i > 1 && side !== decided[i - 1]).length
    }

    /** Joins again and again; gives the roles. Each may do what its role may, and nothing else. */
    async function join(): Promise<string[]> {
      const roles: string[] = []
      while (!isOver) {
        const client = await connect(url)
        for (const message of [hello(), [48, 1, {}, 'swap.left'], [48, 2, {}, 'swap.right']]) {
          client.send(message)
        }
        const [welcome, ...answers] = (await client.take(3)) as [Wamp, Wamp, Wamp]
        expect(welcome[0], JSON.stringify(welcome)).equal(2)
        const { authrole } = welcome[2] as { authrole: string }
        const result = answers.find(([type]) => type === 50)
        expect(result?.[3]).deep.equal([authrole])
        expect(answers.find(([type]) => type === 8)?.[4]).equal('wamp.error.not_authorized')
        roles.push(authrole)
        await client.close()
      }
      return roles
    }
  })
}
