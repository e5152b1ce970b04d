import { join } from 'node:path'
import { expect } from 'chai'
import { goDown } from '../../src/cli/drain.ts'
import { ask } from '../../src/control/client.ts'
import { serveControl } from '../../src/control/serve.ts'
import { errorLog } from '../helpers/error-log.ts'
import { eventually } from '../helpers/raw-client.ts'
import { hello, OPEN, until, urlOf, Wampd } from './wampd.ts'

describe('command line: the end of a router', function () {
  this.timeout(30000)
  const wampd = new Wampd()

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`comes on ${signal}, and clients may come back`, async () => {
      const started = wampd.run('--port', '0')
      const client = await hello(await urlOf(started), 'realm1')
      started.process.kill(signal)
      expect(await client.closed).to.equal(1012)
      expect(await started.exited).to.equal(0)
    })
  }

  for (const verb of ['drain', 'stop']) {
    it(`comes by ${verb}, and clients may come back`, async () => {
      const started = wampd.run('--port', '0')
      const client = await hello(await urlOf(started), 'realm1')
      expect(await wampd.output(verb)).to.equal('the router has ended\n')
      expect(await client.closed).to.equal(1012)
      expect(await started.exited).to.equal(0)
    })

    it(`comes by ${verb} --final, and clients stay away`, async () => {
      const started = wampd.run('start', '-c', wampd.file('a.yaml', OPEN))
      const client = await hello(await urlOf(started), 'a')
      const goodbye = client.next()
      const ended = wampd.output(verb, '--final')
      const [code, , reason] = await goodbye
      expect([code, reason]).to.deep.equal([6, 'wamp.close.system_shutdown'])
      client.socket.send(JSON.stringify([6, {}, 'wamp.close.goodbye_and_out']))
      await client.closed
      await ended
      expect(await started.exited).to.equal(0)
    })
  }

  /** A router with a call that its callee does not answer by itself. */
  async function withCall(...text: string[]) {
    const file = wampd.file('a.yaml', OPEN + text.join('\n'))
    const started = wampd.run('start', '-c', file, '--transport', 'ws')
    const url = await urlOf(started)
    const [caller, callee] = await Promise.all([hello(url, 'a'), hello(url, 'a')])
    callee.socket.send(JSON.stringify([64, 1, {}, 'com.slow']))
    await callee.next()
    caller.socket.send(JSON.stringify([48, 1, {}, 'com.slow']))
    const [, invocation] = await callee.next()
    return { started, caller, callee, invocation }
  }

  it('by drain waits for a call that runs', async () => {
    const { started, caller, callee, invocation } = await withCall()
    const drain = wampd.run('drain')
    const result = caller.next()
    await new Promise(resolve => setTimeout(resolve, 600))
    expect([drain.process.exitCode, started.process.exitCode]).to.deep.equal([null, null])
    callee.socket.send(JSON.stringify([70, invocation, {}, ['done']]))
    expect(await result).to.deep.equal([50, 1, {}, ['done']])
    expect(await drain.exited).to.equal(0)
    expect(await started.exited).to.equal(0)
    expect(drain.out).to.equal('the router has ended\n')
  })

  it('by drain comes at the end of the grace time at the latest', async () => {
    const { started, caller } = await withCall('shutdown: { grace: 400ms }')
    caller.socket.pause()
    const from = Date.now()
    started.process.kill('SIGTERM')
    expect(await started.exited).to.equal(0)
    caller.socket.terminate()
    expect(Date.now() - from).to.be.within(350, 5000)
  })

  it('comes at once on the second signal', async () => {
    const { started } = await withCall()
    started.process.kill('SIGTERM')
    await until(started, () => started.err.includes('SIGTERM: going down'))
    started.process.kill('SIGINT')
    expect(await started.exited).to.equal(130)
  })

  it('is told to whoever waits for it, also where it comes too soon', async () => {
    const { started } = await withCall()
    const drain = wampd.run('drain')
    await eventually('a drain', async () => (await stateOf()) === 'draining')
    started.process.kill('SIGTERM')
    expect(await started.exited).to.equal(143)
    expect(await drain.exited).to.equal(1)
    expect(drain.err).to.contain('it ended before it had answered')
  })

  it('shows its progress on a terminal only', async () => {
    const path = join(wampd.folder, 'p')
    const router = {
      status: () => ({ realms: [{ sessions: 7 }] }),
      reload: () => [],
      drain: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }
    const control = await serveControl(router, path, { log: errorLog() })
    for (const isTTY of [true, false]) {
      let text = ''
      const output = { isTTY, write: (more: string) => (text += more) }
      await goDown('drain', { socket: path, final: false }, output)
      expect(text.endsWith('the router has ended\n')).to.equal(true)
      expect(text.includes('\r7 sessions left')).to.equal(isTTY)
    }
    await control.close()
  })

  /** What the router is doing. */
  async function stateOf(): Promise<unknown> {
    for await (const { state } of ask<{ state: unknown }>(
      join(wampd.folder, 'wampd.sock'),
      'status',
    )) {
      return state
    }
    return undefined
  }
})
