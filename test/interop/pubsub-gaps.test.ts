import { expect } from 'chai'
import { createRouter } from '../../src/index.ts'
import { USUAL_TRANSPORT } from '../helpers/transports.ts'
import type { Client } from './client.ts'
import { allKinds, closeAll } from './kinds.ts'
import { startPython } from './python.ts'

const TOPIC = 'flood.topic'
const GAPS = 'wampd.session.on_gap'
/** More at once than any kernel takes. */
const COUNT = 400
const TEXT = 'x'.repeat(50_000)

describe('real clients that read too slowly for a moment', () => {
  let router: ReturnType<typeof createRouter>
  let url: string

  before(async function () {
    this.timeout(300_000) // the Python clients may have to be installed first
    router = createRouter({ development: true })
    const sendBuffer = { limit: 64 << 10, policy: 'drop' } as const
    url = (await router.listen({ port: 0, transport: USUAL_TRANSPORT, sendBuffer })).url
    await startPython()
  })

  after(() => router.close())

  for (const kind of allKinds) {
    describe(kind.name, () => {
      let client: Client
      /** The numbers of the events that it hears. */
      let heard: number[]
      /** What they say of gaps before them. */
      let said: unknown[]

      beforeEach(async () => {
        client = await kind.connect(url)
        heard = []
        said = []
        await client.subscribe(TOPIC, ({ args }, { _missed }) => {
          heard.push(args[0] as number)
          if (_missed !== undefined) said.push(_missed)
        })
      })

      afterEach(() => closeAll([client]))

      /** Publishes all in one turn, and one more when the gap is over. */
      async function flood(): Promise<void> {
        const session = router.session('realm1')
        const told = router.status().counters.gaps_told
        for (let i = 0; i < COUNT; i++) void session.publish(TOPIC, [i, TEXT])
        const isTold = () => router.status().counters.gaps_told > told
        for (let i = COUNT; heard.at(-1) !== i - 1 || !isTold(); i++) {
          if (i > COUNT + 500) throw new Error('no event comes through any more')
          void session.publish(TOPIC, [i])
          await new Promise(resolve => setTimeout(resolve, 10))
        }
        session.close()
      }

      it('hears which events it has missed, where it subscribes to that', async () => {
        const gaps: { count: number }[] = []
        await client.subscribe(GAPS, ({ args }) => gaps.push(args[0] as never))
        await flood()
        expect(gaps.length).above(0)
        const missed = gaps.reduce((sum, { count }) => sum + Number(count), 0)
        expect(heard.length + missed).equal((heard.at(-1) as number) + 1)
        expect(heard).deep.equal([...heard].sort((a, b) => a - b))
      })

      it('bears to be told in an event, where it does not', async () => {
        await flood()
        expect(heard.length).below(heard.at(-1) as number)
        // The others do not show details that they do not know.
        if (kind.name.startsWith('wampy')) expect(said.length).above(0)
        await client.publish('other.topic', [], {})
      })
    })
  }
})
