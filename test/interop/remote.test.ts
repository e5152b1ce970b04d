import { expect } from 'chai'
import { createRouter, type Router } from '../../src/index.ts'
import { WampError } from '../../src/protocol/errors.ts'
import { join } from '../../src/remote/join.ts'
import type { Event, Session } from '../../src/remote/session.ts'
import { connect } from '../../src/remote/wire.ts'
import { SERIALIZERS } from '../../src/serializer/registry.ts'
import { eventually } from '../helpers/raw-client.ts'
import { autobahnJsKinds } from './autobahn-js.ts'
import type { Client, Payload } from './client.ts'
import { wampyKinds } from './wampy.ts'

const args = ['one', 2, 'π', null, [1.5, { a: [] }], new Uint8Array([0, 1, 255])]
const kwargs = { three: [4, { five: true }] }

/** Some give bytes as another class. */
const plain = (payload: { args: unknown[]; kwargs: unknown }): unknown =>
  JSON.parse(
    JSON.stringify({ args: payload.args, kwargs: payload.kwargs }, (_, value) =>
      ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : value,
    ).replace(/\{"type":"Buffer","data":(\[[^\]]*\])\}/g, '$1'),
  )

describe("the command line's sessions and a real client", () => {
  let router: Router
  let url: string
  let session: Session
  let client: Client

  before(async () => {
    router = createRouter({ development: true })
    url = (await router.listen({ port: 0 })).url
  })
  after(() => router.close())
  afterEach(async () => {
    await Promise.all([session.leave(), client.close()])
  })

  for (const kind of [...autobahnJsKinds, ...wampyKinds]) {
    for (const serializer of SERIALIZERS) {
      it(`understand each other: ${serializer.name} and ${kind.name}`, async () => {
        client = await kind.connect(url)
        session = await join(await connect(url, { serializer }), { realm: 'realm1' })

        const heard: Event[] = []
        await session.subscribe('interop.one', event => heard.push(event))
        const events: Payload[] = []
        await client.subscribe('interop.two', event => events.push(event))
        await client.publish('interop.one', args, kwargs)
        await session.publish('interop.two', args, kwargs, { acknowledge: true })
        await eventually('both events', () => heard.length + events.length === 2)
        expect(plain(heard[0] as Event)).deep.equal(plain({ args, kwargs }))
        expect(plain(events[0] as Payload)).deep.equal(plain({ args, kwargs }))

        for (const behaviour of ['echo', 'fail', 'count'] as const) {
          await client.register(`interop.${behaviour}`, behaviour)
        }
        const echoed = await session.call('interop.echo', args, kwargs)
        expect(plain(echoed)).deep.equal(plain({ args, kwargs }))
        const refused = await session.call('interop.fail', [1], { k: 2 }).catch(error => error)
        expect(refused)
          .instanceOf(WampError)
          .deep.include({ uri: 'interop.fault', args: [1] })
        const progress: unknown[] = []
        const onProgress = ({ args }: { args: unknown[] }) => progress.push(...args)
        const last = await session.call('interop.count', [], {}, { onProgress })
        expect([...progress, ...last.args]).deep.equal([1, 2, 'done'])

        await session.register('interop.own', async ({ args, kwargs }) => ({ args, kwargs }))
        const own = await client.call('interop.own', args, kwargs)
        expect(plain(own)).deep.equal(plain({ args, kwargs }))
        await session.register('interop.throws', async () => {
          throw new WampError('interop.error', ['text'])
        })
        const error = await client.call('interop.throws', [], {}).catch(error => error)
        expect(error).deep.include({ error: 'interop.error', args: ['text'] })
      })
    }
  }
})
