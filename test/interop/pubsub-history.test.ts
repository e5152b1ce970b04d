import { expect } from 'chai'
import { systemClock } from '../../src/base/clock.ts'
import { randomId } from '../../src/base/ids.ts'
import { unrestricted } from '../../src/realm/authorize.ts'
import { Realm } from '../../src/realm/realm.ts'
import { subprotocols } from '../../src/serializer/registry.ts'
import type { Serializer } from '../../src/serializer/serializer.ts'
import { Heartbeat } from '../../src/session/heartbeat.ts'
import { Link } from '../../src/session/link.ts'
import { listenWs } from '../../src/transport/ws.ts'
import { errorLog } from '../helpers/error-log.ts'
import type { Client } from './client.ts'
import { allKinds, closeAll } from './kinds.ts'
import { startPython } from './python.ts'

describe('the event history of real clients', () => {
  let url: string
  let stop: () => Promise<void>

  before(async function () {
    this.timeout(300_000) // the Python clients may have to be installed first
    const served = await serveHistories()
    url = served.url
    stop = served.stop
    await startPython()
  })

  after(() => stop())

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

/** A router of one realm with a history, on a port of its own. */
async function serveHistories(): Promise<{ url: string; stop: () => Promise<void> }> {
  const realm = new Realm(
    {
      ...{ name: 'realm1', uriCheck: 'loose', strictRequestIds: false },
      roles: [unrestricted('anonymous', 'loose')],
      pubsub: { event_history: [{ uri: 'history.topic' }] },
    },
    randomId,
  )
  const heartbeat = new Heartbeat(systemClock, 10_000)
  const reception = {
    ...{ clock: systemClock, log: errorLog(), randomId, heartbeat, sendBuffer: 4 << 20 },
    ...{ handshakeTimeout: 10_000, goodbyeTimeout: 1000, realm: () => realm, left() {} },
  }
  const protocols = subprotocols()
  const listener = await listenWs(
    { host: '127.0.0.1', port: 0, tls: undefined },
    {
      ...{ protocols, paths: ['/ws'], maxMessageSize: 1 << 20, allowedOrigins: [] },
      trustsHostNames: false,
      open: (connection, protocol) =>
        new Link(connection, protocols.get(protocol) as Serializer, reception),
      page: () => '',
    },
  )
  const stop = async () => {
    heartbeat.stop()
    await listener.close()
    await realm.close()
  }
  return { url: `ws://127.0.0.1:${listener.port}/ws`, stop }
}
