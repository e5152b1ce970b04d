import { readFileSync, statSync } from 'node:fs'
import { expect } from 'chai'
import { runCommand } from '../../src/cli/exec.ts'
import type { WampError } from '../../src/protocol/errors.ts'
import { eventually } from '../helpers/raw-client.ts'
import { ClientWorld, outcome, printed } from './client-world.ts'
import { until } from './wampd.ts'

describe('command line: register', function () {
  this.timeout(30000)
  const world = new ClientWorld()

  /** What a call within the router rejects with: URI and text. */
  async function refusal(...call: Parameters<typeof world.local.call>): Promise<string> {
    const error: WampError = await world.local.call(...call).then(
      () => {
        throw new Error('it was answered')
      },
      error => error,
    )
    return `${error.uri}: ${error.args[0]}`
  }

  const result = async (...words: string[]) => {
    const run = world.run('call', ...words)
    expect(await run.exited, run.err).equal(0)
    return printed(run)[0]
  }

  it('answers with what a command prints, which gets the call, by each serializer', async () => {
    for (const serializer of ['json', 'msgpack', 'cbor']) {
      const run = await world.ready(
        'register',
        `a.${serializer}`,
        '--exec',
        'cat',
        '--serializer',
        serializer,
      )
      const words = ['1', 'x', '"\\u0000AQID"', '12345678901234567890', '-k', 'k=true']
      const answer = (await result(`a.${serializer}`, ...words)) as object
      expect(answer).deep.include({
        procedure: `a.${serializer}`,
        args: [1, 'x', '\0AQID', JSON.parse('12345678901234567890')],
        kwargs: { k: true },
      })
      run.process.kill('SIGINT')
      expect(await run.exited).equal(130)
      expect(await refusal(`a.${serializer}`)).match(/no_such_procedure/)
    }
  })

  it('answers with the call, or always the same', async () => {
    await world.ready('register', 'a.echo', '--echo')
    await world.ready('register', 'a.same', '--result', '{"a":[1]}')
    expect(await result('a.echo', '1', '2', '-k', 'x=y')).deep.equal({
      args: [1, 2],
      kwargs: { x: 'y' },
    })
    expect(await result('a.same', '1')).deep.equal({ a: [1] })
  })

  it('answers for a pattern, and shares it', async () => {
    await world.ready(
      'register',
      'a.',
      '--match',
      'prefix',
      '--invoke',
      'roundrobin',
      '--exec',
      'cat',
    )
    await world.ready(
      'register',
      'a.',
      '--options',
      '{"match":"prefix","invoke":"roundrobin"}',
      '--result',
      '1',
    )
    const answers = [await world.local.call('a.x'), await world.local.call('a.y')]
    expect(answers.filter(one => one === 1)).length(1)
    expect(answers.find(one => one !== 1))
      .property('procedure')
      .match(/^a\.[xy]$/)
  })

  it('takes args and kwargs from a command, and nothing', async () => {
    await world.ready(
      'register',
      'a.both',
      '--json',
      '--exec',
      'echo \'{"args":[1,2],"kwargs":{"a":3}}\'',
    )
    expect(await result('a.both')).deep.equal({ args: [1, 2], kwargs: { a: 3 } })
    await world.ready('register', 'a.none', '--exec', 'cat > /dev/null')
    expect(await world.local.call('a.none')).equal(undefined)
  })

  it('does not need a command to read', async () => {
    await world.ready('register', 'a.deaf', '--exec', 'echo 1')
    expect(await world.local.call('a.deaf', ['x'.repeat(500_000)])).equal(1)
  })

  describe('answers with an error', () => {
    it('where the command fails, with what it says', async () => {
      const run = await world.ready(
        'register',
        'a.fails',
        '--exec',
        'echo 1; echo oops >&2; exit 3',
      )
      expect(await refusal('a.fails')).equal('wamp.error.runtime_error: oops')
      await until(run, () => run.err.includes('a.fails failed: '))
      await world.ready('register', 'a.mute', '--exec', 'exit 3', '--error', 'a.error')
      expect(await refusal('a.mute')).equal('a.error: the command ended with 3')
      await world.ready('register', 'a.killed', '--exec', 'kill -9 $$')
      expect(await refusal('a.killed')).equal(
        'wamp.error.runtime_error: the command ended with SIGKILL',
      )
    })

    it('where there is no command', async () => {
      await world.ready('register', 'a.nothing', '--exec', '/no/such/command')
      expect(await refusal('a.nothing')).match(/^wamp\.error\.runtime_error: .*not found/)
    })

    it('where it prints no JSON, or not what it should', async () => {
      await world.ready('register', 'a.text', '--exec', 'echo hello')
      expect(await refusal('a.text')).equal(
        'wamp.error.runtime_error: what the command printed is no JSON',
      )
      await world.ready('register', 'a.list', '--json', '--exec', 'echo "[1]"')
      expect(await refusal('a.list')).match(/what the command printed is not of the form/)
    })

    it('where it prints too much', async () => {
      await world.ready('register', 'a.much', '--exec', 'yes', '--max-output', '1000')
      const text = 'wamp.error.payload_size_exceeded: the command printed more than 1000 bytes'
      expect(await refusal('a.much')).equal(text)
    })

    it('where it complains without end, and keeps the last of it', async () => {
      const command = 'for i in $(seq 100000); do echo line $i >&2; done; exit 1'
      await world.ready('register', 'a.loud', '--exec', command)
      const text = await refusal('a.loud')
      expect(text.length).below(2100)
      expect(text).match(/line 100000$/)
    })
  })

  it('ends a command that is not wanted any more, with all that it has started', async () => {
    const file = world.wampd.file('ticks', '')
    const command = `(while true; do echo >> ${file}; sleep 0.05; done) & wait`
    await world.ready('register', 'a.slow', '--exec', command)
    expect(await refusal('a.slow', [], {}, { timeout: 1000 })).match(/^wamp\.error\.timeout/)
    let size = -1
    let since = Date.now()
    await eventually('the end of ticks', () => {
      if (statSync(file).size !== size) since = Date.now()
      size = statSync(file).size
      return Date.now() - since > 500
    })
    expect(size).above(0)
  })

  it('runs no more commands at once than it may', async () => {
    const most = world.wampd.file('most', '')
    const running = world.wampd.file('running', '')
    const command = `echo >> ${running}; wc -l < ${running} >> ${most}; sleep 0.2; sed -i 1d ${running}`
    await world.ready('register', 'a.narrow', '--exec', command, '--concurrency', '1')
    const { local } = world
    await Promise.all([1, 2, 3].map(() => local.call('a.narrow')))
    expect(readFileSync(most, 'utf8').trim().split(/\s+/)).deep.equal(['1', '1', '1'])
  })

  it('keeps secrets of its own from commands', async () => {
    process.env.WAMPD_TICKET = 'secret1'
    process.env.WAMPD_SECRET = 'secret2'
    try {
      const { signal } = new AbortController()
      const output = await runCommand('env', '', { error: 'a.b', maxOutput: 100_000, signal })
      expect(output)
        .include('PATH=')
        .not.match(/secret[12]/)
    } finally {
      delete process.env.WAMPD_TICKET
      delete process.env.WAMPD_SECRET
    }
  })

  it('comes back when the router does', async () => {
    const run = await world.ready('register', 'a.b', '--result', '5')
    await world.stop()
    await until(run, () => run.err.includes('trying again'))
    await world.start()
    await until(run, () => run.err.split('registered').length === 3)
    expect(await world.local.call('a.b')).equal(5)
  })

  it('ends where the router refuses, or ends the session', async () => {
    await world.ready('register', 'a.b', '--result', '5')
    expect(await outcome(world.run('register', 'a.b', '--result', '6'))).match(
      /^3: wamp\.error\.procedure_already_exists/,
    )
    const run = await world.ready('register', 'a.c', '--result', '5')
    const { local } = world
    const id = await local.call('wamp.registration.lookup', ['a.c'])
    const [callee] = await local.call<number[]>('wamp.registration.list_callees', [id])
    await local.call('wamp.session.kill', [callee])
    expect(await run.exited).equal(4)
  })

  it('ends where the router takes the procedure away', async () => {
    const run = await world.ready('register', 'a.c', '--result', '5', '--invoke', 'last')
    const { local } = world
    const id = await local.call('wamp.registration.lookup', ['a.c'])
    const [callee] = await local.call<number[]>('wamp.registration.list_callees', [id])
    await local.call('wamp.registration.remove_callee', [id, callee])
    expect(await run.exited).equal(4)
    expect(run.err).match(/wampd: the router has ended the registration: /)
  })

  describe('says what is wrong with', () => {
    const WRONG: [string, string[], RegExp][] = [
      ['no procedure', ['--echo'], /missing required argument 'procedure'/],
      [
        'no answer',
        ['a.b'],
        /^2: what answers the calls\? give one of --exec, --echo and --result/,
      ],
      [
        'two answers',
        ['a.b', '--echo', '--exec', 'cat'],
        /^2: option '--exec <command>' cannot be used with option '--echo'/,
      ],
      [
        'a result',
        ['a.b', '--result', 'text'],
        /'--result <json>' argument 'text' is invalid.*quotes/,
      ],
      [
        'a policy',
        ['a.b', '--echo', '--invoke', 'all'],
        /'all' is invalid. Allowed choices are single/,
      ],
      [
        'a way to match',
        ['a.b', '--echo', '--match', 'x'],
        /'x' is invalid. Allowed choices are exact/,
      ],
      [
        'a number',
        ['a.b', '--echo', '--concurrency', '0'],
        /'--concurrency <n>' argument '0' is invalid/,
      ],
      [
        'a size',
        ['a.b', '--echo', '--max-output', '1e9'],
        /'--max-output <bytes>' argument '1e9' is inv/,
      ],
      [
        'options',
        ['a.b', '--echo', '--options', '1'],
        /'--options <json>' argument '1' is invalid/,
      ],
      ['a URI', ['a.b', '--echo', '--error', 'a b'], /'--error <uri>' argument 'a b' is invalid/],
    ]
    for (const [what, words, text] of WRONG) {
      it(what, async () => {
        expect(await outcome(world.run('register', ...words))).match(text)
      })
    }
  })
})
