import { expect } from 'chai'
import { createRouter } from '../../src/index.ts'
import { USUAL_TRANSPORT } from '../helpers/transports.ts'
import type { Client, ClientKind, Payload } from './client.ts'
import { WampError } from './client.ts'
import { allKinds, closeAll, jsonKinds } from './kinds.ts'
import { startPython } from './python.ts'

const args = ['one', 2]
const kwargs = { three: [4, { five: null }] }

describe('a real client on its own', () => {
  before(async function () {
    this.timeout(300_000) // the Python clients may have to be installed first
    await startPython()
  })

  describe(`over ${USUAL_TRANSPORT}`, () => describeClients(USUAL_TRANSPORT, allKinds))
  describe('over ws', () => describeClients('ws', jsonKinds))
})

function describeClients(transport: 'uws' | 'ws', kinds: ClientKind[]) {
  let url: string
  let router: ReturnType<typeof createRouter>
  before(async () => {
    router = createRouter({ development: true })
    url = (await router.listen({ port: 0, transport })).url
  })
  after(() => router.close())

  for (const kind of kinds) {
    describe(kind.name, () => {
      let one: Client
      let other: Client
      before(async () => {
        one = await kind.connect(url)
        other = await kind.connect(url)
      })
      after(() => closeAll([one, other]))

      it('gets the events of a topic until it unsubscribes', async () => {
        const events: Payload[] = []
        await one.subscribe('interop.topic', event => events.push(event))
        await other.publish('interop.topic', args, kwargs)
        await other.publish('interop.topic', ['second'], {})
        await eventually(() => events.length === 2)
        await one.unsubscribe('interop.topic')
        await other.publish('interop.topic', ['too late'], {})
        await one.publish('interop.topic', ['from itself'], {})
        expect(events).to.deep.equal([
          { args, kwargs },
          { args: ['second'], kwargs: {} },
        ])
      })

      it('does not get its own events', async () => {
        const events: Payload[] = []
        await one.subscribe('interop.own', event => events.push(event))
        await one.publish('interop.own', ['mine'], {})
        await other.publish('interop.own', ['yours'], {})
        await eventually(() => events.length > 0)
        await one.unsubscribe('interop.own')
        expect(events).to.deep.equal([{ args: ['yours'], kwargs: {} }])
      })

      it('answers calls until it unregisters', async () => {
        await one.register('interop.echo', 'echo')
        expect(await other.call('interop.echo', args, kwargs)).to.deep.equal({ args, kwargs })
        expect(await one.call('interop.echo', ['self'], {})).to.deep.equal({
          args: ['self'],
          kwargs: {},
        })
        await one.unregister('interop.echo')
        const { error } = await failure(other.call('interop.echo', args, kwargs))
        expect(error).to.equal('wamp.error.no_such_procedure')
      })

      it('fails a call with the arguments of its error', async () => {
        await one.register('interop.fail', 'fail')
        const failed = await failure(other.call('interop.fail', args, kwargs))
        await one.unregister('interop.fail')
        expect(failed).to.include({ error: 'interop.fault' })
        expect(failed.args).to.deep.equal(args)
        expect(failed.kwargs).to.deep.equal(kwargs)
      })

      it('learns that nobody has registered a procedure', async () => {
        const { error } = await failure(one.call('interop.nowhere', [], {}))
        expect(error).to.equal('wamp.error.no_such_procedure')
      })

      it('leaves with a GOODBYE that is answered', async () => {
        const guest = await kind.connect(url)
        await guest.close()
        const seen = kind.name.startsWith('wampy') ? '' : 'wamp.close.goodbye_and_out'
        expect(await guest.left).to.equal(seen) // wampy does not show it
      })
    })
  }
}

async function failure(call: Promise<unknown>): Promise<WampError> {
  try {
    await call
  } catch (e) {
    if (e instanceof WampError) return e
    throw e
  }
  throw new Error('the call did not fail')
}

async function eventually(holds: () => boolean) {
  while (!holds()) await new Promise(resolve => setTimeout(resolve, 5))
}
