import { expect } from 'chai'
import { eventually, pause } from '../helpers/raw-client.ts'
import { ClientWorld, outcome, printed } from './client-world.ts'
import { until } from './wampd.ts'

describe('command line: subscribe', function () {
  this.timeout(30000)
  const world = new ClientWorld()
  const acknowledge = { acknowledge: true }

  it('prints events as they come, in order, by each serializer', async () => {
    for (const serializer of ['json', 'msgpack', 'cbor']) {
      const run = await world.ready('subscribe', 'a.b', '--count', '3', '--serializer', serializer)
      const publications: unknown[] = []
      for (const value of [1, new Uint8Array([1, 2, 3]), 'x']) {
        publications.push(await world.local.publish('a.b', [value], { k: 1 }, acknowledge))
        await until(run, () => printed(run).length >= publications.length).catch(() => {})
      }
      expect(await run.exited, run.err).equal(0)
      const values = [1, '\0AQID', 'x']
      expect(printed(run)).deep.equal(
        values.map((value, i) => ({
          ...{ topic: 'a.b', args: [value], kwargs: { k: 1 } },
          details: { publication: publications[i] },
        })),
      )
      expect(run.err).equal('wampd: subscribed to a.b\n')
    }
  })

  it('hears patterns, several topics, and what is retained', async () => {
    await world.local.publish('a.kept', [0], {}, { retain: true })
    const run = await world.ready(
      'subscribe',
      'a.',
      'b.',
      '--match',
      'prefix',
      '--retained',
      '--count',
      '3',
    )
    await world.local.publish('b.x', [1])
    await world.local.publish('a.y', [2])
    expect(await run.exited, run.err).equal(0)
    const topics = printed(run).map(event => (event as { topic: string }).topic)
    expect(topics).deep.equal(['a.kept', 'b.x', 'a.y'])
  })

  it('says nothing but events with --quiet, and passes options on', async () => {
    const run = world.run(
      'subscribe',
      'a..b',
      '-q',
      '--options',
      '{"match": "wildcard"}',
      '--count',
      '1',
    )
    await eventually('a subscription', () => world.router.status().realms[0]?.subscriptions === 1)
    await world.local.publish('a.x.b', [])
    expect(await run.exited).equal(0)
    expect(run.err).equal('')
  })

  it('comes back when the router does', async () => {
    const run = await world.ready('subscribe', 'a.b', '--count', '2')
    await world.local.publish('a.b', [1], {}, acknowledge)
    await until(run, () => run.out !== '')
    await world.stop()
    await until(run, () => run.err.includes('trying again'))
    await world.start()
    await eventually('a subscription', () => world.router.status().realms[0]?.subscriptions === 1)
    await world.local.publish('a.b', [2], {}, acknowledge)
    expect(await run.exited, run.err).equal(0)
    expect(printed(run)).length(2)
    const [, lost] = run.err.split('\n')
    expect(lost).match(
      /^wampd: the connection to the router has ended: 1012 .*; trying again in [01]\.\d s$/,
    )
  })

  describe('ends with', () => {
    it('1 where there is no router to begin with', async () => {
      await world.stop()
      const text = `1: no connection to ${world.url}: nothing listens there`
      expect(await outcome(world.run('subscribe', 'a.b'))).equal(text)
    })

    it('1 where the connection is lost, with --once', async () => {
      const run = await world.ready('subscribe', 'a.b', '--once')
      await world.stop()
      expect(await run.exited).equal(1)
      expect(run.err).include('wampd: the connection to the router has ended: 1012')
    })

    it('4 where the session is ended', async () => {
      const { local } = world
      const before = await local.call<number[]>('wamp.session.list')
      const run = await world.ready('subscribe', 'a.b')
      const ids = await local.call<number[]>('wamp.session.list')
      const [id] = ids.filter(id => !before.includes(id))
      await local.call('wamp.session.kill', [id])
      expect(await run.exited).equal(4)
      expect(run.err).match(/wampd: the router ended the session: wamp\.close\.killed/)
    })

    it('5 where too few events come in time, and 0 without a count', async () => {
      const run = world.run('subscribe', 'a.b', '--count', '2', '--for', '4s', '-q')
      await eventually('a subscription', () => world.router.status().realms[0]?.subscriptions === 1)
      await world.local.publish('a.b', [])
      expect(await outcome(run)).equal('5: there was 1 event of 2 in that time')
      expect(await outcome(world.run('subscribe', 'a.b', '--for', '300ms', '-q'))).equal('0: ')
    })

    it('3 where the router refuses', async () => {
      expect(await outcome(world.run('subscribe', 'a..b'))).match(/^3: wamp\.error\.invalid_uri/)
    })

    it('130 by Ctrl-C, also while it waits to come back', async () => {
      const run = await world.ready('subscribe', 'a.b')
      run.process.kill('SIGINT')
      expect(await run.exited).equal(130)
      const other = await world.ready('subscribe', 'a.b')
      await world.stop()
      await until(other, () => other.err.includes('trying again'))
      other.process.kill('SIGINT')
      expect(await other.exited).equal(130)
    })

    it('0 where nobody reads what it prints', async () => {
      const run = await world.ready('subscribe', 'a.b')
      run.process.stdout?.destroy()
      const { local } = world
      for (let i = 0; i < 200 && run.process.exitCode === null; i++) {
        await local.publish('a.b', [i])
        await pause(10)
      }
      expect(await run.exited).equal(0)
      expect(run.err).equal('wampd: subscribed to a.b\n')
    })
  })

  it('prints all events of a burst', async () => {
    const run = await world.ready('subscribe', 'a.b', '--count', '20000')
    const { local } = world
    for (let i = 0; i < 20_000; i++) await local.publish('a.b', [i])
    expect(await run.exited, run.err).equal(0)
    const values = printed(run).map(event => (event as { args: number[] }).args[0])
    expect(values).deep.equal(Array.from({ length: 20_000 }, (_, i) => i))
  })

  describe('says what is wrong with', () => {
    const WRONG: [string, string[], RegExp][] = [
      ['no topic', [], /missing required argument 'topic'/],
      [
        'a way to match',
        ['a.b', '--match', 'regex'],
        /'regex' is invalid. Allowed choices are exact, prefix/,
      ],
      ['a count', ['a.b', '--count', '0'], /'--count <n>' argument '0' is invalid.*whole number/],
      ['a time', ['a.b', '--for', 'ever'], /'--for <duration>' argument 'ever' is invalid/],
      ['options', ['a.b', '--options', 'x'], /'--options <json>' argument 'x' is invalid/],
    ]
    for (const [what, words, text] of WRONG) {
      it(what, async () => {
        expect(await outcome(world.run('subscribe', ...words))).match(text)
      })
    }
  })
})
