import { expect } from 'chai'
import { Reports } from '../../src/broker/reports.ts'
import { createRouter } from '../../src/index.ts'
import { PayloadError } from '../../src/protocol/errors.ts'
import type { Publish, Subscribe } from '../../src/protocol/messages.ts'
import { hangUp, member, type RawClient } from '../helpers/raw-client.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'
import { newBroker } from './new-broker.ts'

describe('a report on a publication', () => {
  const router = createRouter({ development: true })
  let url: string
  let publisher: RawClient
  let request = 0

  before(async () => {
    url = (await router.listen({ port: 0 })).url
  })
  beforeEach(async () => {
    publisher = await member(url)
    request = 0
  })
  afterEach(hangUp)
  after(() => router.close())

  async function publish(topic: string, payload: unknown[], options: object = {}) {
    const given = { acknowledge: true, _report: true, ...options }
    return publisher.ask([16, ++request, given, topic, payload])
  }
  async function report(publication: unknown, from: RawClient = publisher) {
    return from.ask([48, ++request, {}, 'wampd.publication.report', [publication]])
  }

  it('says how many got it, over all subscriptions', async () => {
    for (let i = 0; i < 3; i++) await (await member(url)).ask([32, 1, {}, 'a.b'])
    await (await member(url)).ask([32, 1, { match: 'prefix' }, 'a'])
    const [type, , publication] = await publish('a.b', [1])
    expect(type).equal(17)
    const wanted = { receivers: 4, dropped: 0, oversized: 0, untranslatable: 0, pending: 0 }
    expect((await report(publication))[3]).deep.equal([wanted])
  })

  it('says how many cannot read it; they go without, and the others get it', () => {
    const broker = newBroker()
    const [one, two, cannot] = [new Recorder(), new Recorder(), new Recorder()]
    for (const peer of [cannot, one, two]) {
      broker.subscribe(peer, messageOf([32, 1, {}, 'a.b']) as Subscribe, 'exact')
      peer.take()
    }
    cannot.refuses = () => true
    const from = new Recorder()
    const say = (options: object) =>
      broker.publish(from, messageOf([16, 1, options, 'a.b', [1]]) as Publish)
    say({ acknowledge: true, _report: true })
    const [[type, , publication]] = from.take() as [[number, number, number]]
    expect(type).equal(17)
    const wanted = { receivers: 2, dropped: 0, oversized: 0, untranslatable: 1, pending: 0 }
    expect(broker.reports.get(from, publication)).deep.equal(wanted)
    expect(() => say({ acknowledge: true })).throws(PayloadError)
    expect([one, two].map(peer => peer.take().length)).deep.equal([2, 2])
    expect(from.take()).deep.equal([])
  })

  it('is for the publisher, who must have asked, and be no fool', async () => {
    const [, , plain] = await publish('a.b', [1], { _report: false })
    const [, , publication] = await publish('a.b', [1])
    const stranger = await member(url)
    for (const answer of [await report(plain), await report(publication, stranger)]) {
      expect(answer[4]).equal('wampd.error.no_such_publication')
    }
    expect((await report('x'))[4]).equal('wamp.error.invalid_argument')
  })

  it('is kept of the last hundred', () => {
    const reports = new Reports()
    const one = new Recorder()
    for (let i = 1; i <= 101; i++) reports.open(one, i)
    expect(reports.get(one, 1)).equal(undefined)
    expect(reports.get(one, 2)).not.equal(undefined)
  })
})
