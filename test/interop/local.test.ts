import { expect } from 'chai'
import { createRouter, type Router } from '../../src/index.ts'
import { eventually } from '../helpers/raw-client.ts'
import { localAutobahnKinds } from './autobahn-js.ts'
import { type Payload, serializerNames } from './client.ts'
import { wampyKindsOn } from './wampy.ts'

const names = serializerNames.flatMap(name => [`Autobahn|JS 26 ${name}`, `wampy ${name}`])

describe('client libraries in the process of the router', () => {
  let router: Router

  beforeEach(() => {
    router = createRouter({ development: true })
  })
  afterEach(() => router.close())

  const connect = (name: string) => {
    const WebSocket = router.localWebSocket()
    const kinds = [...localAutobahnKinds(WebSocket), ...wampyKindsOn(WebSocket)]
    const kind = kinds.find(kind => kind.name === name)
    if (kind === undefined) throw new Error(`no ${name}`)
    return kind.connect('ws://router/')
  }

  for (const name of names) {
    it(`${name} calls, is called, publishes and hears events`, async () => {
      const [client, other] = [await connect(name), await connect('wampy json')]
      const args = ['grüß 🦀', 1.5, null, { a: [true] }]
      await client.register('of.the.client', 'echo')
      expect((await other.call('of.the.client', args, { k: 1 })).args).deep.equal(args)
      expect((await client.call('of.the.client', args, { k: 1 })).kwargs).deep.equal({ k: 1 })
      const heard: unknown[] = []
      await client.subscribe('to.the.client', ({ args }: Payload) => heard.push(args[0]))
      await other.publishMany('to.the.client', 100)
      await eventually('all is heard', () => heard.length === 100)
      expect(heard).deep.equal(Array.from({ length: 100 }, (_, i) => i))
      await client.close()
      await other.close()
      await eventually('both are gone', () => router.status().connections === 0)
    })
  }
})
