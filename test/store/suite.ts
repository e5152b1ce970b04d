import { expect } from 'chai'
import fc from 'fast-check'
import { MATCHES } from '../../src/match/uri.ts'
import { NO_PAYLOAD } from '../../src/protocol/payload.ts'
import { SERIALIZERS } from '../../src/serializer/registry.ts'
import { type Store, type StoredEvent, sizeOfEvent } from '../../src/store/store.ts'
import { contentOf, eventOf, plain } from './events.ts'

/** What every store does. `open` gives an empty one; `reopen` what is left when one is closed. */
export function describeStore(
  open: () => Promise<Store>,
  reopen: ((store: Store) => Promise<Store>) | undefined,
): void {
  let store: Store

  beforeEach(async () => {
    store = await open()
  })

  afterEach(() => store.close())

  const ids = (uri = 'a.b') => contentOf(store.log('exact', uri)).map(one => one.publication)

  it('gives back events as they were, whatever their payload came in', async () => {
    const args = ['x', 1, -5, 2n ** 60n, 0.5, null, true, { k: [new Uint8Array([1, 2])] }]
    const details = { publisher: 2 ** 53, publisher_authid: 'é', trustlevel: 0, ppt_scheme: 'x_y' }
    const audience = { eligible_authid: ['u', ''], exclude_authrole: [] }
    const names = [undefined, ...SERIALIZERS.map(({ name }) => name)]
    const log = store.log('exact', 'a.b')
    const events = names.map((serializer, i) =>
      eventOf(i + 1, {
        args,
        details,
        audience,
        ...(serializer === undefined ? {} : { serializer }),
      }),
    )
    for (const event of events) log.push(event)
    const wanted = events.map(plain)
    expect(contentOf(log)).deep.equal(wanted)
    await store.lasting()
    expect(contentOf(log)).deep.equal(wanted)
  })

  it('gives an event without a payload back without one', async () => {
    const log = store.log('exact', 'a.b')
    log.push(eventOf(1, { payload: NO_PAYLOAD }))
    await store.lasting()
    const { payload, ...facts } = eventOf(1)
    expect(payload.count).equal(1)
    expect(plain(log.at(1))).deep.equal(facts)
  })

  it('gives what is written at once, and while it is being stored', async () => {
    const log = store.log('exact', 'a.b')
    const wanted: number[] = []
    for (let i = 1; i <= 50; i++) {
      log.push(eventOf(i))
      wanted.push(i)
      expect(ids()).deep.equal(wanted)
      if (i % 3 === 0) await Promise.resolve()
      if (i % 10 === 0) await new Promise(resolve => setImmediate(resolve))
    }
    await store.lasting()
    expect(ids()).deep.equal(wanted)
    expect(store.lasting()).equal(null)
  })

  it('has a log for each pattern, the same each time', () => {
    for (const match of MATCHES) {
      store.log(match, 'a.b').push(eventOf(1))
      store.log(match, 'x'.repeat(8000)).push(eventOf(2))
    }
    for (const match of MATCHES) {
      expect(store.log(match, 'a.b')).equal(store.log(match, 'a.b'))
      expect(store.log(match, 'a.b').next).equal(2)
    }
  })

  it('does as a list would, which is pushed to and shifted', async () => {
    const step = fc.constantFrom('push', 'push', 'shift', 'wait', 'turn')
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
        const log = store.log('exact', `run.${++run}`)
        const list: StoredEvent[] = []
        let dropped: number | undefined
        let next = 1
        for (const what of steps) {
          if (what === 'push') {
            const event = eventOf(next++, { serializer: 'json' })
            list.push(event)
            log.push(event)
          } else if (what === 'shift' && list.length > 0) {
            dropped = list.shift()?.time
            log.shift()
          } else if (what === 'wait') await store.lasting()
          else if (what === 'turn') await new Promise(resolve => setImmediate(resolve))
          expect(contentOf(log)).deep.equal(list.map(plain))
          const bytes = list.reduce((sum, event) => sum + sizeOfEvent(event), 0)
          const { first } = log
          expect([first, log.next, log.bytes, log.dropped]).deep.equal([
            next - list.length,
            next,
            bytes,
            dropped,
          ])
        }
      }),
      { numRuns: 60 },
    )
  })

  if (reopen === undefined) {
    it('has nothing that is to be waited for, and nothing left from before', () => {
      store.log('exact', 'a.b').push(eventOf(1))
      store.retain('a.b', [eventOf(1)])
      expect(store.lasting()).equal(null)
      expect(store.retained()).deep.equal([])
    })
    return
  }

  it('has the same histories when it is opened again', async () => {
    const log = store.log('prefix', 'a.b')
    for (let i = 1; i <= 100; i++) log.push(eventOf(i, { serializer: 'cbor' }))
    await store.lasting()
    for (let i = 0; i < 30; i++) log.shift()
    for (let i = 101; i <= 110; i++) log.push(eventOf(i))
    const before = { ...facts(log), content: contentOf(log) }
    store = await reopen(store)
    const again = store.log('prefix', 'a.b')
    expect({ ...facts(again), content: contentOf(again) }).deep.equal(before)
    expect(before.first).equal(31)
    expect(contentOf(store.log('exact', 'a.b'))).deep.equal([])
  })

  it('knows that events were dropped also where none is left', async () => {
    const log = store.log('exact', 'a.b')
    log.push(eventOf(1))
    log.shift()
    store = await reopen(store)
    expect(facts(store.log('exact', 'a.b'))).deep.equal({
      first: 2,
      next: 2,
      bytes: 0,
      dropped: 1000,
    })
  })

  it('has the same retained events when it is opened again, the oldest first', async () => {
    const retained = [eventOf(1, { topic: 'z' }), eventOf(2), eventOf(3, { serializer: 'json' })]
    store.retain('z', retained.slice(0, 1))
    store.retain('a.b', [eventOf(9)])
    store.retain('a.b', retained.slice(1))
    store.retain('a.c', [eventOf(4, { topic: 'a.c' })])
    await store.lasting()
    store.retain('a.c', [])
    store = await reopen(store)
    expect(store.retained().map(plain)).deep.equal(retained.map(plain))
  })
}

const facts = ({ first, next, bytes, dropped }: ReturnType<Store['log']>) => ({
  first,
  next,
  bytes,
  dropped,
})
