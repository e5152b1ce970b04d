import { expect } from 'chai'
import { createRouter, type Router } from '../../src/index.ts'
import { allKinds } from './kinds.ts'
import { startPython } from './python.ts'

const kinds = allKinds.filter(({ name }) => /json|cbor/.test(name))
const permissions = [{ uri: 'interop.echo', allow: { call: true, register: true } }]

describe('a real client with a ticket', () => {
  let router: Router
  let url: string
  before(async function () {
    this.timeout(300_000) // the Python clients may have to be installed first
    await startPython()
    router = createRouter({
      realms: [{ name: 'realm1', roles: [{ name: 'user', permissions }] }],
      authenticators: {
        some: { ticket: { principals: { ann: { ticket: 'of ann', role: 'user' } } } },
        others: { ticket: { principals: { joe: { ticket: 'geheim ö 🎫', role: 'user' } } } },
      },
      transports: [{ type: 'websocket', auth: ['some', 'others'], endpoint: { port: 0 } }],
    })
    const [listening] = await router.start()
    url = listening?.url as string
  })
  after(() => router.close({ grace: 0 }))

  for (const kind of kinds) {
    describe(kind.name, () => {
      it('is let in, and may do what its role may', async () => {
        const client = await kind.connect(url, undefined, { authid: 'joe', ticket: 'geheim ö 🎫' })
        await client.register('interop.echo', 'echo')
        const payload = { args: [1], kwargs: {} }
        expect(await client.call('interop.echo', [1], {})).deep.equal(payload)
        await client.close()
      })

      for (const [authid, ticket, why] of [
        ['joe', 'of ann', 'a wrong ticket'],
        ['bob', 'of ann', 'a name that nobody has'],
      ] as const) {
        it(`is refused with ${why}, and told so`, async () => {
          const refused = await kind.connect(url, undefined, { authid, ticket }).catch(String)
          expect(refused).a('string').contain('wamp.error.authentication_')
        })
      }

      it('is refused without one', async () => {
        const refused = await kind.connect(url).catch(String)
        expect(refused).a('string').contain('wamp.error.no_matching_auth_method')
      })
    })
  }
})
