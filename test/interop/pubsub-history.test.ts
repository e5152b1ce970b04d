import { expect } from 'chai'
import { createRouter, type Router } from '../../src/router.ts'
import type { Client } from './client.ts'
import { allKinds, closeAll } from './kinds.ts'
import { startPython } from './python.ts'

describe('the event history of real clients', () => {
  let url: string
  let router: Router

  before(async function () {
    this.timeout(300_000) // the Python clients may have to be installed first
    const allow = { call: true, register: true, publish: true, subscribe: true }
    const permissions = ['', 'wamp.'].map(uri => ({
      ...{ uri, match: 'prefix' as const },
      allow: uri === '' ? allow : { call: true },
    }))
    const roles = [{ name: 'anonymous', permissions }]
    const event_history = [{ uri: 'history.topic' }]
    router = createRouter({ realms: [{ name: 'realm1', roles, event_history }] })
    url = (await router.listen({ port: 0 })).url
    await startPython()
  })

  after(() => router.close())

  let clients: Client[] = []
  afterEach(() => closeAll(clients))

  for (const kind of allKinds) {
    it(`gives ${kind.name} what others published, in its own serializer`, async () => {
      clients = await Promise.all([
        kind.connect(url),
        ...others(kind.name).map(k => k.connect(url)),
      ])
      const [one, ...publishers] = clients as [Client, ...Client[]]
      const { args } = await one.call('wamp.subscription.lookup', ['history.topic'], {})
      for (const { name, publish } of publishers) {
        await publish('history.topic', [name, 1, [null]], { k: { v: 'é' } })
      }
      const answer = await one.call('wamp.subscription.get_events', args, {
        limit: 3,
        reverse: true,
      })
      const events = answer.args as { args: unknown[]; kwargs: object; subscription: number }[]
      expect(answer.kwargs).include({ complete: true, more: false })
      expect(events.map(event => [event.args, event.kwargs])).deep.equal(
        publishers.map(({ name }) => [[name, 1, [null]], { k: { v: 'é' } }]).reverse(),
      )
      expect(events[0]?.subscription).equal(args[0])
    })
  }

  /** A client for each serializer. */
  function others(name: string) {
    const library = name.startsWith('wampy') ? 'Autobahn|JS 22' : 'wampy'
    return allKinds.filter(kind => kind.name.startsWith(library))
  }
})
