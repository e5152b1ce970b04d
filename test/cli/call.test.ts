import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { WampError } from '../../src/protocol/errors.ts'
import { ClientWorld, outcome, printed } from './client-world.ts'
import { until, urlOf } from './wampd.ts'

describe('command line: call', function () {
  this.timeout(30000)
  const world = new ClientWorld()
  let isCalled = false

  beforeEach(async () => {
    const { local } = world
    await local.register('a.echo', (args, kwargs) => ({ args, kwargs }))
    await local.register('a.first', ([value]) => value)
    await local.register('a.count', async function* ([to]) {
      for (let i = 1; i < Number(to); i++) yield i
      return to
    })
    await local.register('a.fails', () => {
      throw new WampError('a.error', ['because \x1b[31m'], { code: 7 })
    })
    isCalled = false
    await local.register('a.never', () => {
      isCalled = true
      return new Promise(() => {})
    })
    await local.register('a.caller', (_, __, { caller }) => caller ?? null)
  })

  it('prints what comes back as JSON, by each serializer', async () => {
    for (const serializer of ['json', 'msgpack', 'cbor']) {
      const words = [
        '1',
        '-2',
        'text',
        '"5"',
        '{"a": [null]}',
        '"\\u0000AQID"',
        '12345678901234567890',
      ]
      const run = world.run(
        'call',
        'a.echo',
        ...words,
        '-k',
        'x=1',
        '-k',
        '{"y": "z"}',
        '--serializer',
        serializer,
      )
      expect(await run.exited, run.err).equal(0)
      const args = '[1,-2,"text","5",{"a":[null]},"\\u0000AQID",12345678901234567890]'
      expect(run.out).equal(`{"args":${args},"kwargs":{"x":1,"y":"z"}}\n`)
    }
  })

  it('prints null where nothing comes back, and all of it with --json', async () => {
    await world.local.register('a.nothing', () => undefined)
    const run = world.run('call', 'a.nothing')
    expect(await run.exited, run.err).equal(0)
    expect(run.out).equal('null\n')
    const all = world.run('call', 'a.first', '5', '--json')
    expect(await all.exited).equal(0)
    expect(printed(all)).deep.equal([{ args: [5], kwargs: {}, details: {} }])
  })

  it('takes an argument from standard input', async () => {
    const run = world.fed('{"a":\n 1}', 'call', 'a.echo', 'x', '-', 'y')
    expect(await run.exited, run.err).equal(0)
    expect(printed(run)).deep.equal([{ args: ['x', { a: 1 }, 'y'], kwargs: {} }])
  })

  it('prints progressive results as they come', async () => {
    let go = () => {}
    const gone = new Promise<void>(resolve => {
      go = resolve
    })
    await world.local.register('a.slowly', async function* () {
      yield 'first'
      await gone
      return 'last'
    })
    const run = world.run('call', 'a.slowly', '--progress')
    await until(run, () => run.out === '"first"\n')
    go()
    expect(await run.exited, run.err).equal(0)
    expect(printed(run)).deep.equal(['first', 'last'])
    const quiet = world.run('call', 'a.count', '3')
    expect(await quiet.exited).equal(0)
    expect(printed(quiet)).deep.equal([3])
  })

  it('passes options on', async () => {
    const run = world.run('call', 'a.caller', '--disclose-me')
    expect(await run.exited, run.err).equal(0)
    expect(printed(run)[0]).a('number')
    const other = world.run('call', 'a.caller', '--options', '{"disclose_me": true}')
    expect(await other.exited).equal(0)
    expect(printed(other)[0]).a('number')
  })

  describe('ends with', () => {
    it('3 where a procedure answers with an error, and prints it with --json', async () => {
      expect(await outcome(world.run('call', 'a.fails'))).equal('3: a.error: because \\u001b[31m')
      const run = world.run('call', 'a.fails', '--json')
      expect(await run.exited).equal(3)
      const error = { error: 'a.error', args: ['because \x1b[31m'], kwargs: { code: 7 } }
      expect(printed(run)).deep.equal([error])
    })

    it('3 where the router answers with an error', async () => {
      expect(await outcome(world.run('call', 'a.nobody'))).match(
        /^3: wamp\.error\.no_such_procedure/,
      )
      expect(await outcome(world.run('call', 'a..b'))).match(/^3: wamp\.error\.invalid_uri/)
    })

    it('5 where nothing comes in time', async () => {
      const run = world.run('call', 'a.never', '--call-timeout', '100ms')
      expect(await outcome(run)).match(/^5: wamp\.error\.timeout/)
    })

    it('1 where the router dies midway', async () => {
      const router = world.wampd.run('dev', '--port', '0')
      const at = ['--url', await urlOf(router)]
      const callee = world.run(
        'register',
        'a.never',
        '--exec',
        'touch called; sleep 60',
        '--once',
        ...at,
      )
      await until(callee, () => callee.err.includes('registered'))
      const run = world.run('call', 'a.never', ...at)
      await until(run, () => existsSync(join(world.wampd.folder, 'called')))
      router.process.kill('SIGKILL')
      expect(await outcome(run)).equal('1: the connection to the router has ended: 1006')
      expect(await callee.exited).equal(1)
    })

    it('4 where the session is ended', async () => {
      const { local } = world
      const run = world.run('call', 'a.never')
      await until(run, () => isCalled)
      for (const id of await local.call<number[]>('wamp.session.list')) {
        const { transport } = await local.call<{ transport?: object }>('wamp.session.get', [id])
        // Those within the router have none.
        if (transport === undefined) continue
        await local.call('wamp.session.kill', [id], { reason: 'a.reason' })
      }
      expect(await outcome(run)).match(/^4: the router ended the session: a\.reason/)
    })

    it('130 by Ctrl-C, and cancels the call', async () => {
      let isCancelled = false
      await world.local.register('a.waits', (_, __, { signal }) => {
        return new Promise(resolve => {
          signal.addEventListener('abort', () => {
            isCancelled = true
            resolve(null)
          })
          started = true
        })
      })
      let started = false
      const run = world.run('call', 'a.waits')
      await until(run, () => started)
      run.process.kill('SIGINT')
      expect(await run.exited, run.err).equal(130)
      expect({ isCancelled, err: run.err }).deep.equal({ isCancelled: true, err: '' })
    })

    it('143 by SIGTERM', async () => {
      const run = world.run('call', 'a.never')
      await until(run, () => isCalled)
      run.process.kill('SIGTERM')
      expect(await run.exited, run.err).equal(143)
    })
  })

  describe('says what is wrong with', () => {
    const WRONG: [string, string[], RegExp][] = [
      ['no procedure', [], /missing required argument 'procedure'/],
      [
        'keyword arguments',
        ['-k', 'x'],
        /'-k, --kwargs <json>' argument 'x' is invalid.*name=value/,
      ],
      [
        'options',
        ['--options', '[]'],
        /'--options <json>' argument '\[\]' is invalid.*JSON object/,
      ],
      ['a time', ['--call-timeout', '5'], /'--call-timeout <duration>' argument '5' is invalid/],
      ['no time', ['--call-timeout', '0s'], /'--call-timeout <duration>' argument '0s' is invalid/],
      ['two inputs', ['-', '-'], /^2: - can stand for one argument only/],
      [
        'an unknown flag',
        ['--progres'],
        /unknown option '--progres' \(Did you mean --progress\?\)/,
      ],
    ]
    for (const [what, flags, text] of WRONG) {
      it(what, async () => {
        const words = flags.length === 0 ? ['call'] : ['call', 'a.echo', ...flags]
        expect(await outcome(world.run(...words))).match(text)
      })
    }

    it('standard input', async () => {
      const run = world.fed('<html>', 'call', 'a.echo', '-')
      expect(await outcome(run)).equal('2: standard input is no JSON')
      const both = world.fed('x', 'call', 'a.echo', '-', '--ticket-file', '-')
      expect(await outcome(both)).equal('2: standard input cannot be both an argument and a secret')
    })
  })

  it('does not mind that nobody reads what it prints', async () => {
    const run = world.run('call', 'a.count', '100000', '--progress')
    run.process.stdout?.once('data', () => run.process.stdout?.destroy())
    expect(await run.exited).equal(0)
    expect(run.err).equal('')
  })
})
