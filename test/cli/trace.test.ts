import { expect } from 'chai'
import { tracePrinter } from '../../src/cli/trace-lines.ts'
import type { Line } from '../../src/trace/line.ts'
import { failureOf, hello, until, urlOf, Wampd } from './wampd.ts'

const ADMIN = `version: 1
realms:
  - name: a
    roles: [{ name: guest, permissions: [{ uri: "", match: prefix, allow: { call: true, register: true } }] }]
authenticators: { guests: { anonymous: { role: guest } } }
transports: [{ id: main, type: websocket, endpoint: { port: 0 }, auth: [guests] }]
admin: { endpoint: { port: 0 }, token: 0123456789abcdef }
`

describe('command line: trace', function () {
  this.timeout(30000)
  const wampd = new Wampd()

  async function router(text = ADMIN) {
    const run = wampd.run('start', '-c', wampd.file('a.yaml', text), '--transport', 'ws')
    return { run, url: await urlOf(run) }
  }

  /** The trace runs when the router has logged it. */
  const begun = ({ run }: { run: ReturnType<typeof wampd.run> }) =>
    until(run, () => run.err.includes('a trace begins'))

  it('shows a call and its answer, and ends on Ctrl-C', async () => {
    const started = await router()
    const trace = wampd.run('trace', 'no.such')
    await begun(started)
    const client = await hello(started.url, 'a')
    client.socket.send(JSON.stringify([48, 1, {}, 'other']))
    await client.next()
    client.socket.send(JSON.stringify([48, 2, {}, 'no.such', [1, '\u009b']]))
    await until(trace, () => trace.out.includes('ERROR'))
    trace.process.kill('SIGINT')
    expect(await trace.exited, trace.err).to.equal(0)
    const lines = trace.out.trimEnd().split('\n')
    expect(lines).to.have.length(2)
    expect(lines[0]).to.match(/^\d\d:\d\d:\d\d\.\d{3} → \S+ +\d+ +CALL +no\.such \[1,"\\u009b"\]$/)
    expect(lines[1]).to.match(
      / ← .* ERROR +\d+\.\d\d ms no\.such wamp\.error\.no_such_procedure \["nobody/,
    )
    await until(started.run, () => started.run.err.includes('a trace ends'))
    client.socket.terminate()
  })

  it('prints JSON as it comes, from another machine too, until its limit', async () => {
    const started = await router()
    const { admin: url } = JSON.parse(await wampd.output('status', '--json'))
    const env = { WAMPD_ADMIN_URL: url, WAMPD_ADMIN_TOKEN: '0123456789abcdef' }
    const trace = wampd.runWith(env, 'trace', '--json', '--limit', '2', '--realm', 'a')
    await begun(started)
    const client = await hello(started.url, 'a')
    expect(await trace.exited, trace.err).to.equal(0)
    const lines = trace.out
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Line)
    expect(lines.map(line => ('type' in line ? line.type : line.kind))).to.deep.equal([
      'started',
      'HELLO',
      'WELCOME',
      'ended',
    ])
    client.socket.terminate()
    const wrong = wampd.runWith({ ...env, WAMPD_ADMIN_TOKEN: 'wrong' }, 'trace')
    expect((await failureOf(wrong, 1))[0]).to.contain(
      'does not take the token of WAMPD_ADMIN_TOKEN',
    )
  })

  it('says what is wrong: flags, filters, what is forbidden, no router', async () => {
    expect((await wampd.failure(1, 'trace'))[0]).to.contain('nothing runs there')
    await router(`${ADMIN}trace: { enabled: false }\n`)
    const [session, duration, size, uri, types, forbidden] = await Promise.all([
      wampd.failure(2, 'trace', '--session', 'x'),
      wampd.failure(2, 'trace', '--duration', 'soon'),
      wampd.failure(2, 'trace', '--size', '1'),
      wampd.failure(2, 'trace', '--match', 'regex'),
      wampd.failure(2, 'trace', '--token-file', 'x'),
      wampd.failure(1, 'trace'),
    ])
    expect(session[0]).to.contain('--session').and.contain('the id of a session')
    expect(duration[0]).to.contain('--duration').and.contain('such as 30s')
    expect(size[0]).to.contain('--size').and.contain('from 16 to 65536')
    expect(uri[0]).to.contain('exact, prefix, wildcard')
    expect(types[0]).to.equal('--token-file needs --url')
    expect(forbidden[0]).to.equal('the configuration forbids it: trace.enabled is false')
  })

  it('ends when the router does, and does not hold it up', async () => {
    const started = await router()
    const trace = wampd.run('trace')
    await begun(started)
    const begin = Date.now()
    await wampd.output('stop')
    expect(await started.run.exited).to.equal(0)
    expect(Date.now() - begin).to.be.below(4000)
    expect(await failureOf(trace, 1)).to.deep.equal(['the router has gone down'])
  })
})

describe('a line of a trace', () => {
  const line: Line = {
    ...{ kind: 'message', time: 0, direction: 'sent', type: 'RESULT', bytes: 9, remote: '' },
    ...{ authid: 'somebody-with-a-long-name', session: 12, uri: 'a.b', took: 1.5, args: '[1]' },
  }

  it('fits a terminal, and is whole elsewhere', () => {
    const whole = tracePrinter({})(line)
    expect(whole).to.match(/^\S+ ← somebody-with-a-long-na… 12 {15}RESULT +1\.50 ms a\.b \[1\]$/)
    for (const columns of [20, 40, 62, 80, 100, 200]) {
      const text = tracePrinter({ isTTY: true, columns })(line) ?? ''
      expect(text.replace(/\x1b\[\d+m/g, '').length, String(columns)).to.be.at.most(columns)
    }
  })

  it('says what is missing, and is silent of what is nothing', () => {
    const print = tracePrinter({})
    expect(print({ kind: 'dropped', time: 0, lines: 3, why: 'rate' })).to.equal(
      '… 3 lines are missing: more came than --rate allows',
    )
    expect(print({ kind: 'alive', time: 0 })).to.equal(undefined)
  })
})
