import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { WebSocketServer } from 'ws'
import { faultyRouter } from '../bench/faulty-router.ts'
import { freePort } from '../helpers/free-port.ts'
import { failureOf, urlOf, Wampd } from './wampd.ts'

const TICKETS = `version: 1
realms: [{ name: a, roles: [{ name: user, permissions: [{ uri: bench., match: prefix, allow: { call: true, register: true } }] }] }]
authenticators: { users: { ticket: { principals: { joe: { ticket: sesame, role: user } } } } }
transports: [{ type: websocket, endpoint: { port: 0 }, auth: [users] }]
`

describe('command line: bench', function () {
  this.timeout(60000)
  const wampd = new Wampd()

  it('measures a router of its own, and says what it saw', async () => {
    const out = await wampd.output('bench', '--seconds', '1', '--transport', 'ws', '--rate', '200')
    const lines = out.split('\n')
    expect(lines[0]).to.match(
      /^rpc: +1 caller, 200\/s, 1 s, json, payload of 16 bytes; wampd .*\(ws\)$/,
    )
    expect(lines[1]).to.match(/^latency +p50 .*, p90 .*, p99 .*, p99\.9 .*, max .* m?s$/)
    expect(lines[2]).to.match(/^throughput +\d+ calls\/s$/)
    expect(lines[3]).to.match(/^faults +none$/)
    expect(out).to.not.contain('\r')
  })

  it('writes JSON to a file or to standard output', async () => {
    const file = `${wampd.folder}/figures.json`
    const plan = ['bench', '--seconds', '1', '--transport', 'ws', '--scenario', 'pairs']
    const [text] = await Promise.all([
      wampd.output(...plan, '--window', '2', '--json', '-'),
      wampd.output(...plan, '--rate', '100', '--json', file),
    ])
    const common = {
      scenario: 'pairs',
      connections: 10,
      payload: 16,
      serializer: 'json',
      sound: true,
    }
    expect(JSON.parse(text))
      .to.include({ ...common, window: 2 })
      .and.not.have.property('rate')
    expect(JSON.parse(readFileSync(file, 'utf8'))).to.include({ ...common, rate: 100 })
  })

  it('logs in with a ticket of the environment, which it never shows', async () => {
    const url = await urlOf(wampd.run('start', '-c', wampd.file('tickets.yaml', TICKETS)))
    const login = ['--realm', 'a', '--authid', 'joe', '--ticket-env', 'SECRET']
    const sound = wampd.runWith({ SECRET: 'sesame' }, 'bench', url, '--seconds', '1', ...login)
    expect(await sound.exited, sound.err).to.equal(0)
    const wrong = wampd.runWith({ SECRET: 'open' }, 'bench', url, '--seconds', '1', ...login)
    const [line] = await failureOf(wrong, 1)
    expect(line).to.match(/^the router sent ABORT wamp\.error\.authentication_denied/)
    const none = await wampd.failure(2, 'bench', url, ...login)
    expect(none).to.deep.equal(['--ticket-env: there is no variable SECRET'])
  })

  it('says that a realm does not allow what it does', async () => {
    const url = await urlOf(wampd.run('start', '-c', wampd.file('tickets.yaml', TICKETS)))
    const args = ['bench', url, '--realm', 'a', '--authid', 'joe', '--ticket-env', 'SECRET']
    const run = wampd.runWith({ SECRET: 'sesame' }, ...args, '--scenario', 'pubsub')
    const [line] = await failureOf(run, 1)
    expect(line).to.match(/^the router refused bench\.\w+\.0: wamp\.error\.not_authorized$/)
  })

  it('fails with 1 where there is nobody, no WAMP, or no such realm', async () => {
    const web = createServer((_, response) => response.end())
    await new Promise<void>(resolve => web.listen(0, '127.0.0.1', resolve))
    const other = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => false })
    const dead = `ws://127.0.0.1:${await freePort()}`
    const deaf = `ws://127.0.0.1:${(other.address() as AddressInfo).port}`
    const plain = `ws://127.0.0.1:${(web.address() as AddressInfo).port}`
    const router = wampd.run('--realm', 'com.example.a', '--port', '0')
    const url = await urlOf(router)
    const lines = await Promise.all([
      wampd.failure(1, 'bench', dead),
      wampd.failure(1, 'bench', plain),
      wampd.failure(1, 'bench', url, '--realm', 'com.example.b'),
      wampd.failure(1, 'bench', deaf),
    ])
    web.close()
    other.close()
    expect(lines[0]?.[0]).to.match(new RegExp(`^no connection to ${dead}: nothing listens there`))
    expect(lines[1]?.[0]).to.equal(
      `no connection to ${plain}: it answered with HTTP status 200, no WebSocket is served there`,
    )
    expect(lines[2]?.[0]).to.match(/^the router sent ABORT wamp\.error\.no_such_realm/)
    expect(lines[3]?.[0]).to.equal(
      `no connection to ${deaf}: it does not speak this serializer there`,
    )
  })

  it('fails with 2 where something was lost, figures included', async () => {
    const faulty = await faultyRouter({
      event: (message, _, send) => (message[4] as number[])[0] === 3 || send(message),
    })
    const plan = ['--scenario', 'pubsub', '--subscribers', '1', '--seconds', '1', '--rate', '50']
    const run = wampd.run('bench', faulty.url, ...plan)
    expect(await run.exited, run.err).to.equal(2)
    faulty.close()
    expect(run.out).to.match(/^faults +1 lost$/m)
  })

  it('leaves other machines alone, unless told', async () => {
    const hosts = ['192.0.2.1', '0.0.0.0', '127.0.0.1.example.com', '[2001:db8::1]']
    for (const host of hosts) {
      const [line] = await wampd.failure(2, 'bench', `ws://${host}:1/ws`)
      expect(line).to.match(/is beyond this machine: .*--remote allows it$/)
    }
    const dead = `ws://localhost:${await freePort()}`
    const [line] = await wampd.failure(1, 'bench', dead, '--remote')
    expect(line).to.contain('nothing listens there')
  })

  it('says what is wrong with flags', async () => {
    const url = 'ws://127.0.0.1:1'
    const cases: [string[], RegExp][] = [
      [['http://127.0.0.1'], /no ws: or wss: URL/],
      [['nonsense'], /no ws: or wss: URL/],
      [['ws://joe:sesame@127.0.0.1'], /^a URL holds no password here$/],
      [['--rate', '5', '--window', '5'], /exclude each other/],
      [['--rate', '0'], /whole number from 1 to 1000000/],
      [['--seconds', '301'], /whole number from 1 to 300/],
      [
        ['--scenario', 'pubsub', '--connections', '2'],
        /^--connections needs --scenario rpc or pairs$/,
      ],
      [['--subscribers', '2'], /^--subscribers needs --scenario pubsub$/],
      [['--pid', '1'], /^--pid needs a URL$/],
      [[url, '--pid', '4194304'], /^--pid: the CPU time of process 4194304 cannot be read$/],
      [[url, '--transport', 'ws'], /^--transport needs no URL$/],
      [[url, '--authid', 'joe'], /belong together/],
      [['--serializer', 'xml'], /json, msgpack, cbor/],
    ]
    const lines = await Promise.all(cases.map(([args]) => wampd.failure(2, 'bench', ...args)))
    for (const [i, [args, text]] of cases.entries())
      expect(lines[i]?.[0], args.join(' ')).to.match(text)
  })
})
