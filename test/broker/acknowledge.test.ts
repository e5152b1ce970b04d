import { expect } from 'chai'
import type { Broker } from '../../src/broker/broker.ts'
import type { Publish } from '../../src/protocol/messages.ts'
import type { Dict } from '../../src/protocol/payload.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { type Store, StoreError } from '../../src/store/store.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'
import { newBroker } from './new-broker.ts'

/** A store in memory whose writes last when the test says so, or cannot be kept. */
class SlowStore extends MemoryStore implements Store {
  resolve: () => void = () => {}
  reject: (error: Error) => void = () => {}
  override lasting = (): never =>
    new Promise<void>((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    }) as never
}

describe('PUBLISHED, where events are stored for good', () => {
  const turn = () => new Promise(resolve => setImmediate(resolve))
  let store: SlowStore
  let broker: Broker
  let publisher: Recorder
  let here: boolean

  beforeEach(() => {
    store = new SlowStore()
    here = true
    publisher = new Recorder()
    const options = { event_history: [{ uri: 'a', match: 'prefix' }] } as const
    broker = newBroker({ store, options, isHere: () => here })
  })

  function publish(topic: string, options: Dict = {}): unknown[][] {
    const given = { acknowledge: true, ...options }
    broker.publish(publisher, messageOf([16, 1, given, topic, [1]]) as Publish)
    return publisher.take()
  }

  it('is sent when the event is stored, and not before', async () => {
    expect(publish('a.b')).deep.equal([])
    await turn()
    expect(publisher.take()).deep.equal([])
    store.resolve()
    await turn()
    expect(publisher.take().map(answer => answer.slice(0, 2))).deep.equal([[17, 1]])
  })

  it('waits for a retained event, too', async () => {
    expect(publish('x', { retain: true })).deep.equal([])
    store.resolve()
    await turn()
    expect(publisher.take().length).equal(1)
  })

  it('is sent at once where nothing of the publication is stored', () => {
    expect(publish('x')[0]?.[0]).equal(17)
    expect(publish('a.b', { exclude: [1] })[0]?.[0]).equal(17)
  })

  it('is an ERROR where the event cannot be stored', async () => {
    publish('a.b')
    store.reject(new StoreError('file', 'the disk is full'))
    await turn()
    const [answer] = publisher.take()
    expect(answer?.slice(0, 5)).deep.equal([8, 16, 1, {}, 'wampd.error.store_failed'])
    expect(answer?.[5]).deep.equal(['store file: the disk is full'])
  })

  it('is not sent to a session that has left meanwhile', async () => {
    publish('a.b')
    here = false
    store.resolve()
    await turn()
    expect(publisher.take()).deep.equal([])
  })
})
