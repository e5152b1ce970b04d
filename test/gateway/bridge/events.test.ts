import { expect } from 'chai'
import { eventually, hangUp, pause, within } from '../../helpers/raw-client.ts'
import { type Changes, World } from './world.ts'

describe('server-sent events of the HTTP bridge', () => {
  let world: World
  const start = async (changes?: Changes) => {
    world = await new World(changes).start()
  }
  const publish = async (topic: string, ...args: unknown[]) =>
    (await world.session.publish(topic, args, {}, { acknowledge: true })) as number

  afterEach(async () => {
    hangUp()
    await world.router.close({ grace: 0 })
    expect(world.errors).deep.equal([])
  })

  it('bring what is published, with the publication as id', async () => {
    await start()
    const stream = await world.stream('/api/subscribe/a.topic')
    expect(stream.answer.statusCode).equal(200)
    expect(stream.answer.headers).include({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
    })
    const publication = await publish('a.topic', 1, 'two\nlines', { three: null })
    const { id, data } = await stream.next()
    expect(id).equal(String(publication))
    expect(JSON.parse(data as string)).deep.equal({
      topic: 'a.topic',
      args: [1, 'two\nlines', { three: null }],
    })
    await world.json('/api/publish/a.topic', { k: 1 })
    expect(await stream.data()).deep.equal({ topic: 'a.topic', kwargs: { k: 1 } })
  })

  it('bring several topics, patterns and what is retained', async () => {
    await start()
    await world.session.publish('b.kept', [0], {}, { retain: true, acknowledge: true })
    const stream = await world.stream(
      '/api/subscribe?topic=a.&topic=b.&match=prefix&get_retained=true',
    )
    expect(await stream.data()).deep.equal({ topic: 'b.kept', args: [0], retained: true })
    const [first, second] = [await publish('a.x', 1), await publish('b.y', 2)]
    const one = await stream.next()
    const two = await stream.next()
    expect(JSON.parse(one.data as string)).deep.equal({ topic: 'a.x', args: [1] })
    expect(JSON.parse(two.data as string)).deep.equal({ topic: 'b.y', args: [2] })
    expect((one.id as string).split(',')[0]).equal(String(first))
    expect(two.id).equal(`${first},${second}`)
  })

  it('go on after Last-Event-ID, as far as the history knows', async () => {
    await start()
    const first = await publish('kept.a', 1)
    const rest = [await publish('kept.a', 2), await publish('kept.b', 3)]
    const stream = await world.stream('/api/subscribe/kept?match=prefix', {
      'Last-Event-ID': String(first),
    })
    expect(await stream.data()).deep.equal({ topic: 'kept.a', args: [2] })
    const { id, data } = await stream.next()
    expect([id, JSON.parse(data as string)]).deep.equal([
      String(rest[1]),
      { topic: 'kept.b', args: [3] },
    ])
    await publish('kept.c', 4)
    expect(await stream.data()).deep.equal({ topic: 'kept.c', args: [4] })
  })

  it('say that something may be missed where there is no history, or it is too short', async () => {
    await start()
    const early = await publish('kept.a', 0)
    for (let i = 1; i <= 12; i++) await publish('kept.a', i)
    const stream = await world.stream('/api/subscribe/kept?match=prefix', {
      'Last-Event-ID': String(early),
    })
    const gap = await stream.next()
    expect([gap.event, JSON.parse(gap.data as string)]).deep.equal([
      'gap',
      { topic: 'kept', complete: false },
    ])
    for (let i = 3; i <= 12; i++) expect((await stream.data()).args).deep.equal([i])
    const none = await world.stream('/api/subscribe/other', { 'Last-Event-ID': '17' })
    expect((await none.next()).event).equal('gap')
    await publish('other', 1)
    expect((await none.data()).args).deep.equal([1])
  })

  it('lose nothing and repeat nothing that is published while history is read', async () => {
    await start()
    const first = await publish('kept.a', 0)
    for (let i = 1; i <= 5; i++) await publish('kept.a', i)
    const opening = world.stream('/api/subscribe/kept?match=prefix', {
      'Last-Event-ID': String(first),
    })
    let last = 5
    const timer = setInterval(() => void publish('kept.a', ++last), 1)
    const stream = await opening
    await pause(30)
    clearInterval(timer)
    for (let i = 1; i <= last; i++) expect((await stream.data()).args).deep.equal([i])
  })

  it('show that they are there', async () => {
    await start({ bridge: { heartbeat: 100 } })
    const stream = await world.stream('/api/subscribe/a')
    expect(await stream.block()).equal('retry: 1000')
    expect(await stream.block()).equal(': still here')
    expect(await stream.block()).equal(': still here')
  })

  it('are refused where the role may not', async () => {
    await start()
    const answer = await world.ask('GET', '/api/subscribe/a?topic=secret.x')
    expect(answer.status).equal(403)
    await eventually('end', () => world.router.status().connections === 0)
  })

  it('end with the client, and with its session', async () => {
    await start()
    const stream = await world.stream('/api/subscribe/a')
    const other = await world.stream('/api/subscribe/a')
    expect(await world.session.call('wamp.session.count')).equal(3)
    stream.close()
    await eventually('end', () => world.router.status().connections === 1)
    await other.block()
    await world.session.call('wamp.session.kill_all', [], { message: 'enough\ndata: x' })
    expect(await other.block()).equal(': enough data: x')
    await within(2000, 'end', other.ended)
    expect(world.router.status().connections).equal(0)
  })

  it('end with a word when the router restarts', async () => {
    await start()
    const stream = await world.stream('/api/subscribe/a')
    expect(await stream.block()).equal('retry: 1000')
    await world.router.drain({ grace: 1000 })
    expect(await stream.block()).equal(': the router restarts')
    await within(2000, 'end', stream.ended)
  })

  it('cut off readers that are too slow, and keep the others', async () => {
    await start({ options: { send_buffer: 50_000 } })
    const slow = await world.stream('/api/subscribe/a')
    slow.answer.pause()
    const quick = await world.stream('/api/subscribe/a')
    const text = 'x'.repeat(20_000)
    let sent = 0
    while (world.router.status().counters.too_slow === 0 && sent < 2000) {
      await publish('a', sent++, text)
      expect((await quick.data()).args[0]).equal(sent - 1)
    }
    expect(world.router.status().counters.too_slow).equal(1)
    await eventually('end', () => world.router.status().connections === 1)
    await publish('a', 'last')
    expect((await quick.data()).args).deep.equal(['last'])
  })
})
