import { expect } from 'chai'
import { ClientWorld, outcome, printed } from './client-world.ts'

describe('command line: publish', function () {
  this.timeout(30000)
  const world = new ClientWorld()
  const events: { args: unknown[]; kwargs: object; publication: number; publisher: unknown }[] = []

  beforeEach(async () => {
    events.length = 0
    await world.local.subscribe('a.b', (args, kwargs, { publication, publisher }) => {
      events.push({ args, kwargs, publication, publisher })
    })
  })

  it('publishes its arguments, and ends when the router has taken them', async () => {
    const run = world.run('publish', 'a.b', '1', 'text', '-k', 'x=[1]', '--disclose-me', '--json')
    expect(await run.exited, run.err).equal(0)
    expect(events).length(1)
    const [event] = events
    expect(event).deep.include({ args: [1, 'text'], kwargs: { x: [1] } })
    expect(event?.publisher).a('number')
    expect(printed(run)).deep.equal([{ publication: event?.publication }])
  })

  it('publishes without waiting, by each serializer', async () => {
    for (const serializer of ['json', 'msgpack', 'cbor']) {
      const run = world.run(
        'publish',
        'a.b',
        '"\\u0000AQID"',
        '--no-acknowledge',
        '--json',
        '--serializer',
        serializer,
      )
      expect(await run.exited, run.err).equal(0)
      expect(run.out).equal('')
    }
    expect(events.map(({ args }) => args)).deep.equal(Array(3).fill([new Uint8Array([1, 2, 3])]))
  })

  it('publishes what is on standard input', async () => {
    const run = world.fed('[1,\n2]', 'publish', 'a.b', '-', 'x')
    expect(await run.exited, run.err).equal(0)
    expect(events[0]?.args).deep.equal([[1, 2], 'x'])
  })

  it('retains', async () => {
    const run = world.run('publish', 'a.kept', '5', '--retain')
    expect(await run.exited, run.err).equal(0)
    const heard: unknown[] = []
    await world.local.subscribe('a.kept', ([value]) => heard.push(value), { get_retained: true })
    expect(heard).deep.equal([5])
  })

  it('publishes each line, JSON or text, in order', async () => {
    const lines = Array.from({ length: 2000 }, (_, i) => String(i))
    const run = world.fed(
      `${lines.join('\n')}\n\n{"a":1}\nlast line`,
      'publish',
      'a.b',
      '--lines',
      '--no-acknowledge',
    )
    expect(await run.exited, run.err).equal(0)
    const values = events.map(({ args }) => args[0])
    expect(values).deep.equal([...lines.map(Number), { a: 1 }, 'last line'])
  })

  it('puts lines where they belong', async () => {
    const run = world.fed('x\ny\n', 'publish', 'a.b', '1', '-', '2', '--lines', '--json')
    expect(await run.exited, run.err).equal(0)
    expect(events.map(({ args }) => args)).deep.equal([
      [1, 'x', 2],
      [1, 'y', 2],
    ])
    expect(printed(run)).length(2)
  })

  it('publishes a line when it comes, and ends by Ctrl-C while it waits for more', async () => {
    const run = world.run('publish', 'a.b', '--lines')
    run.process.stdin?.write('first\n')
    for (let i = 0; i < 200 && events.length === 0; i++) await new Promise(r => setTimeout(r, 20))
    expect(events).length(1)
    run.process.kill('SIGINT')
    expect(await run.exited, run.err).equal(130)
  })

  it('is told of refusals, and not without acknowledgement', async () => {
    expect(await outcome(world.run('publish', 'a..b', '1'))).match(/^3: wamp\.error\.invalid_uri/)
    expect(await outcome(world.run('publish', 'a..b', '1', '--no-acknowledge'))).equal('0: ')
  })

  it('ends where the router does while lines come', async () => {
    const run = world.run('publish', 'a.b', '--lines')
    run.process.stdin?.write('first\n')
    for (let i = 0; i < 200 && events.length === 0; i++) await new Promise(r => setTimeout(r, 20))
    await world.stop()
    expect(await outcome(run)).equal(
      '1: the connection to the router has ended: 1012 the router restarts',
    )
  })

  describe('says what is wrong with', () => {
    const WRONG: [string, string[], RegExp][] = [
      ['no topic', [], /missing required argument 'topic'/],
      ['keyword arguments', ['a.b', '-k', '=1'], /argument '=1' is invalid/],
      ['options', ['a.b', '--options', '{'], /'--options <json>' argument '\{' is invalid/],
      [
        'two places for lines',
        ['a.b', '-', '-', '--lines'],
        /^2: - can stand for one argument only/,
      ],
      [
        'two uses of standard input',
        ['a.b', '--lines', '--secret-file', '-'],
        /^2: standard input cannot/,
      ],
      [
        'too deep JSON',
        ['a.b', '['.repeat(300) + ']'.repeat(300)],
        /^2: an argument cannot be sent/,
      ],
    ]
    for (const [what, words, text] of WRONG) {
      it(what, async () => {
        expect(await outcome(world.run('publish', ...words))).match(text)
      })
    }
  })
})
