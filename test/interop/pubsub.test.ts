import { expect } from 'chai'
import { createRouter } from '../../src/index.ts'
import { USUAL_TRANSPORT } from '../helpers/transports.ts'
import type { Client, Kwargs } from './client.ts'
import { allKinds, closeAll, jsonKinds } from './kinds.ts'
import { startPython } from './python.ts'

/** Those that show what an event says of itself. */
const kinds = allKinds.filter(({ name }) => !name.startsWith('wampy'))
const wampys = allKinds.filter(({ name }) => name.startsWith('wampy'))

describe('publish and subscribe of real clients', () => {
  let router: ReturnType<typeof createRouter>
  let url: string

  before(async function () {
    this.timeout(300_000) // the Python clients may have to be installed first
    router = createRouter({ development: true })
    url = (await router.listen({ port: 0, transport: USUAL_TRANSPORT })).url
    await startPython()
  })

  after(() => router.close())

  for (const kind of kinds) {
    describe(kind.name, () => {
      let one: Client
      let other: Client

      beforeEach(async () => {
        one = await kind.connect(url)
        other = await kind.connect(url)
      })

      afterEach(() => closeAll([one, other]))

      it('hears by patterns, and for which topic', async () => {
        const heard = await hear(other, 'pub..sub', { match: 'wildcard' })
        await one.publish('pub.x.sub', [1], {})
        await until(() => heard.length === 1)
        expect(heard[0]).include({ value: 1, topic: 'pub.x.sub' })
      })

      it('gets what is retained when it asks, and is told that it is', async () => {
        const topic = `retained.${kind.name.replace(/\W/g, '_')}`
        await one.publish(topic, ['old'], {}, { retain: true })
        await one.publish(topic, ['new'], {}, { retain: true })
        const heard = await hear(other, topic, { get_retained: true })
        await until(() => heard.length === 1)
        expect(heard[0]).include({ value: 'new', retained: true })
        await one.publish(topic, ['live'], {})
        await until(() => heard.length === 2)
        expect(heard[1]?.value).equal('live')
        expect(heard[1]?.retained).not.equal(true)
      })

      it('chooses who hears', async () => {
        const topic = 'chosen.topic'
        const heard = await hear(other, topic)
        await one.publish(topic, ['nobody'], {}, { eligible: [1] })
        await one.publish(topic, ['role'], {}, { eligible_authrole: ['anonymous'] })
        await until(() => heard.length === 1)
        expect(heard[0]?.value).equal('role')
      })

      it('leaves a testament', async () => {
        const heard = await hear(other, 'testament.topic')
        const guest = await kind.connect(url)
        await guest.call('wamp.session.add_testament', ['testament.topic', ['bye'], {}], {})
        await guest.close()
        await until(() => heard.length === 1)
        expect(heard[0]?.value).equal('bye')
      })

      it('asks the meta API for subscriptions, and hears of them', async () => {
        const heard = await hear(one, 'wamp.subscription.on_create')
        await hear(other, 'meta.topic')
        await until(() => heard.length === 1)
        const found = await one.call('wamp.subscription.lookup', ['meta.topic'], {})
        const [id] = found.args
        const { args } = await one.call('wamp.subscription.get', [id], {})
        expect(args[0]).include({ id, uri: 'meta.topic', match: 'exact' })
        expect((await one.call('wamp.subscription.count_subscribers', [id], {})).args).deep.equal([
          1,
        ])
      })
    })
  }

  for (const kind of jsonKinds) {
    it(`${kind.name} lives on, and hears no more, when a subscription is taken away`, async () => {
      const [one, other] = [await kind.connect(url), await kind.connect(url)]
      const heard = await hear(other, 'taken.topic')
      const { args } = await one.call('wamp.subscription.lookup', ['taken.topic'], {})
      const listed = await one.call('wamp.subscription.list_subscribers', args, {})
      const [session] = listed.args[0] as number[]
      await one.call('wamp.subscription.remove_subscriber', [args[0], session], {})
      const after = await hear(other, 'other.topic')
      await one.publish('taken.topic', ['lost'], {})
      await one.publish('other.topic', ['found'], {})
      await until(() => after.length === 1)
      expect(heard).deep.equal([])
      await closeAll([one, other])
    })
  }

  // The others do not know that it is gone, and send no second SUBSCRIBE.
  for (const kind of jsonKinds.filter(({ name }) => name.includes('JS'))) {
    it(`${kind.name} bears that a subscription is taken away, and may subscribe again`, async () => {
      const [one, other] = [await kind.connect(url), await kind.connect(url)]
      const heard = await hear(other, 'revoked.topic')
      const { args } = await one.call('wamp.subscription.lookup', ['revoked.topic'], {})
      const listed = await one.call('wamp.subscription.list_subscribers', args, {})
      const [session] = listed.args[0] as number[]
      await one.call('wamp.subscription.remove_subscriber', [args[0], session], {})
      await one.publish('revoked.topic', ['lost'], {})
      const again = await hear(other, 'revoked.topic')
      await one.publish('revoked.topic', ['found'], {})
      await until(() => again.length === 1)
      expect([...heard, ...again].map(({ value }) => value)).not.include('lost')
      await closeAll([one, other])
    })
  }

  for (const kind of jsonKinds.filter(({ name }) => /JS|wampy/.test(name))) {
    it(`${kind.name} says who it is if it wishes to`, async () => {
      const [one, other] = [await kind.connect(url), await kind.connect(url)]
      const heard = await hear(other, 'disclosed.topic')
      await one.publish('disclosed.topic', ['named'], {}, { disclose_me: true })
      await one.publish('disclosed.topic', ['unnamed'], {})
      await until(() => heard.length === 2)
      expect(heard[0]?.publisher).a('number')
      expect(heard[1]?.publisher).equal(undefined)
      await closeAll([one, other])
    })
  }

  for (const kind of wampys) {
    it(`${kind.name} sends payloads that the router does not read`, async () => {
      const [one, other] = [await kind.connect(url), await kind.connect(url)]
      const heard = await hear(other, 'sealed.topic')
      const options = { ppt_scheme: 'x_own', ppt_serializer: 'json' }
      await one.publish('sealed.topic', ['sealed'], { k: 1 }, options)
      await until(() => heard.length === 1)
      expect(heard[0]).include({ value: 'sealed', ...options })
      await closeAll([one, other])
    })
  }
})

type Heard = { value: unknown } & Kwargs

/** Subscribes; the list that is given grows with the events that come. */
async function hear(client: Client, topic: string, options: Kwargs = {}): Promise<Heard[]> {
  const heard: Heard[] = []
  await client.subscribe(
    topic,
    ({ args }, details) => heard.push({ ...details, value: args[0] }),
    options,
  )
  return heard
}

async function until(holds: () => boolean): Promise<void> {
  const limit = Date.now() + 5000
  while (!holds()) {
    if (Date.now() > limit) throw new Error('it did not come to pass')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
