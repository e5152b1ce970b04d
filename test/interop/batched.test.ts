import { expect } from 'chai'
import { createRouter } from '../../src/index.ts'
import { USUAL_TRANSPORT } from '../helpers/transports.ts'
import type { Client } from './client.ts'
import { closeAll, jsonKinds } from './kinds.ts'
import { batchedKinds, startPython } from './python.ts'

describe('clients that speak in batches', () => {
  let router: ReturnType<typeof createRouter>
  let url: string
  let plain: Client

  before(async function () {
    this.timeout(300_000) // the Python clients may have to be installed first
    router = createRouter({ development: true })
    url = (await router.listen({ port: 0, transport: USUAL_TRANSPORT })).url
    await startPython()
    plain = await (jsonKinds[0] as (typeof jsonKinds)[0]).connect(url)
  })

  after(async () => {
    await closeAll([plain])
    await router.close()
  })

  for (const kind of batchedKinds) {
    describe(kind.name, () => {
      let client: Client
      beforeEach(async () => {
        client = await kind.connect(url)
      })
      afterEach(() => closeAll([client]))

      it('is called, and calls', async () => {
        const procedure = `batched.${kind.name.replace(/\W/g, '_')}`
        await client.register(procedure, 'echo')
        const args = ['grüß 🦀', 1.5, null, { a: [true] }]
        expect((await plain.call(procedure, args, { k: 'v' })).args).deep.equal(args)
        const calls = Array.from({ length: 100 }, (_, i) => client.call(procedure, [i], {}))
        const results = await Promise.all(calls)
        expect(results.map(({ args }) => args[0])).deep.equal(calls.map((_, i) => i))
      })

      it('hears many events in their order', async () => {
        const numbers: unknown[] = []
        let complete = () => {}
        const all = new Promise<void>(resolve => {
          complete = resolve
        })
        await client.subscribe('batched.topic', ({ args }) => {
          if (numbers.push(args[0]) === 500) complete()
        })
        await plain.publishMany('batched.topic', 500)
        await all
        expect(numbers).deep.equal(Array.from({ length: 500 }, (_, i) => i))
      })
    })
  }
})
