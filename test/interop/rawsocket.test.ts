import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { createRouter, type ListenOptions, type Router } from '../../src/index.ts'
import { eventually } from '../helpers/raw-client.ts'
import { autobahnJsKinds } from './autobahn-js.ts'
import type { Client, ClientKind, Payload } from './client.ts'
import { WampError } from './client.ts'
import { closeAll } from './kinds.ts'
import { pythonKinds, startPython } from './python.ts'

const tls = { certificate: 'test/fixtures/localhost.crt', key: 'test/fixtures/localhost.key' }
const socket = { path: join(tmpdir(), `wampd-interop-${process.pid}.sock`) }
const named = (kinds: readonly ClientKind[], pattern: RegExp) =>
  kinds.filter(({ name }) => pattern.test(name))
/** Autobahn|JS speaks JSON over it, and no TLS; Python's over Twisted would need pyOpenSSL for that. */
const all = [...named(autobahnJsKinds, /json/), ...pythonKinds]

const PLACES: Record<string, { options: ListenOptions; kinds: readonly ClientKind[] }> = {
  TCP: { options: { type: 'rawsocket', port: 0 }, kinds: all },
  'a unix socket': { options: { type: 'rawsocket', socket }, kinds: all },
  TLS: { options: { type: 'rawsocket', port: 0, tls }, kinds: named(pythonKinds, /asyncio/) },
  'the port of HTTP': { options: { port: 0, rawsocket: true }, kinds: all },
}

const args = ['one', 2, 'π'.repeat(1000)]
const kwargs = { three: [4, { five: null }] }

describe('real clients over RawSocket', () => {
  before(async function () {
    this.timeout(300_000) // the Python clients may have to be installed first
    await startPython()
  })

  for (const [place, { options, kinds }] of Object.entries(PLACES)) {
    describe(`on ${place}`, () => {
      let router: Router
      let url: string
      before(async () => {
        router = createRouter({ development: true })
        url = (await router.listen({ ...options, pingInterval: 100 })).url.replace(
          /^ws(.*)\/ws$/,
          'rs$1',
        )
      })
      after(() => router.close())

      for (const kind of kinds) {
        it(`${kind.name} publishes, calls, is told of errors, and rests without being cut off`, async () => {
          const [one, other] = (await Promise.all([kind.connect(url), kind.connect(url)])) as [
            Client,
            Client,
          ]
          const events: Payload[] = []
          await one.subscribe('interop.topic', event => events.push(event))
          await one.register('interop.echo', 'echo')
          await one.register('interop.fail', 'fail')
          await new Promise(resolve => setTimeout(resolve, 400))
          await other.publish('interop.topic', args, kwargs)
          await eventually('an event', () => events.length > 0)
          expect(events).deep.equal([{ args, kwargs }])
          expect(await other.call('interop.echo', args, kwargs)).deep.equal({ args, kwargs })
          const failed = await other.call('interop.fail', args, kwargs).catch(error => error)
          expect(failed).instanceOf(WampError)
          expect(failed.error).equal('interop.fault')
          await closeAll([one, other])
          expect(await one.left).equal('wamp.close.goodbye_and_out')
        })
      }
    })
  }
})
