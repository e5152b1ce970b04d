import { expect } from 'chai'
import { InProcess } from './in-process.ts'
import { describeOnTerminal, onTerminal } from './terminal.ts'
import { Wampd } from './wampd.ts'

describe('command line: kill', function () {
  this.timeout(30000)
  const wampd = new Wampd()
  const own = new InProcess(wampd)

  const left = () =>
    ['realm1', 'other'].flatMap(realm =>
      (own.router.status().realms.find(({ name }) => name === realm)?.sessions ?? 0).toString(),
    )

  it('ends a session, wherever it is, with the reason that is given', async () => {
    own.join('realm1', 'ann')
    const [joe] = own.join('other', 'joe')
    const said = await wampd.output('kill', `${joe?.id}`, '--reason', 'a.reason', '--message', 'x')
    expect(said).equal('ended 1 session\n')
    expect(await joe?.closed).equal('a.reason')
    expect(left()).deep.equal(['1', '0'])
  })

  it('ends all of a user or a role, and no others', async () => {
    own.join('realm1', 'ann', 'anna')
    own.join('other', 'ann', 'joe')
    own.router.session('other', { authid: 'joe', authrole: 'anonymous' })
    expect(await wampd.output('kill', '--authid', 'ann', '--yes')).equal('ended 2 sessions\n')
    expect(left()).deep.equal(['1', '2'])
    const both = ['--authid', 'joe', '--authrole', 'anonymous']
    expect(await wampd.output('kill', ...both)).equal('ended 1 session\n')
    expect(await wampd.output('kill', '--authrole', 'trusted', '--realm', 'other')).equal(
      'ended 1 session\n',
    )
    expect(left()).deep.equal(['1', '0'])
    expect(await wampd.output('kill', '--authid', 'nobody')).equal('ended 0 sessions\n')
  })

  it('of several asks for --yes where there is no terminal to ask at', async () => {
    const ids = own.join('realm1', 'ann', 'joe').map(({ id }) => String(id))
    expect(await wampd.failure(1, 'kill', ...ids)).deep.equal([
      '2 sessions would end: --yes ends them',
    ])
    expect(left()).deep.equal(['2', '0'])
    const lines = (await wampd.output('kill', ...ids, '--yes', '--json')).trimEnd().split('\n')
    expect(lines.map(line => JSON.parse(line))).deep.equal(
      ids.map(id => ({ realm: 'realm1', session: Number(id) })),
    )
  })

  it('names those that are not there, and ends the others', async () => {
    const [ann] = own.join('realm1', 'ann')
    const run = wampd.run('kill', '12', `${ann?.id}`, '13')
    expect([await run.exited, run.out, run.err]).deep.equal([
      1,
      'ended 1 session\n',
      'wampd: there is no session 12\nwampd: there is no session 13\n',
    ])
  })

  it('ends 2,000 sessions', async () => {
    for (let i = 0; i < 2000; i++) own.router.session('realm1', { authid: `u${i}` })
    const args = ['kill', '--authrole', 'trusted', '--yes']
    expect(await wampd.output(...args)).equal('ended 2000 sessions\n')
    expect(left()).deep.equal(['0', '0'])
  })

  describeOnTerminal('on a terminal', () => {
    for (const [keys, code, kept] of [
      ['y\r', 0, '0'],
      ['YES\r', 0, '0'],
      ['\r', 1, '2'],
      ['n\r', 1, '2'],
      ['yeah\r', 1, '2'],
      ['\x03', 1, '2'],
      ['\x04', 1, '2'],
    ] as const) {
      it(`of several shows them and asks; ${JSON.stringify(keys)} is ${code === 0 ? 'yes' : 'no'}`, async () => {
        own.join('realm1', 'ann')
        own.join('other', 'ann')
        const run = onTerminal(wampd, [24, 100], 'kill', '--authid', 'ann')
        await run.shows('End these 2 sessions?')
        expect(run.screen().filter(line => line.includes('ann'))).length(2)
        run.press(keys)
        expect(await run.exited, run.out).equal(code)
        expect(run.out).contain(code === 0 ? 'ended 2 sessions' : 'wampd: nothing was ended')
        expect(left().reduce((sum, count) => sum + Number(count), 0)).equal(Number(kept))
      })
    }

    it('does not ask for one, nor with --yes', async () => {
      const [ann] = own.join('realm1', 'ann', 'joe', 'joe')
      const one = onTerminal(wampd, [24, 100], 'kill', `${ann?.id}`)
      expect(await one.exited).equal(0)
      const all = onTerminal(wampd, [24, 100], 'kill', '--authid', 'joe', '--yes')
      expect(await all.exited).equal(0)
      expect(left()).deep.equal(['0', '0'])
    })

    it('tells how far it is with many', async () => {
      for (let i = 0; i < 50; i++) own.router.session('realm1', { authid: 'ann' })
      const run = onTerminal(wampd, [24, 100], 'kill', '--authid', 'ann', '--yes')
      expect(await run.exited).equal(0)
      expect(run.out).contain('50 of 50')
      expect(run.screen().at(-2)).match(/ended 50 sessions$/)
    })
  })

  it('refuses what does not fit', async () => {
    own.join('realm1', 'ann')
    const wrong: [string[], string][] = [
      [[], 'name sessions, or give --authid or --authrole'],
      [['1', '--authid', 'ann'], 'name sessions, or give --authid or --authrole'],
      [['x'], "'x' is no id"],
      [['1', '--reason', 'a b'], "'--reason <uri>' argument 'a b' is invalid"],
    ]
    for (const [args, text] of wrong) {
      const [line] = await wampd.failure(2, 'kill', ...args)
      expect(line).contain(text)
    }
    const long = ['kill', '--authid', 'ann', '--message', 'x'.repeat(1001)]
    expect(await wampd.failure(1, ...long)).deep.equal([
      'message must not have more than 1000 characters',
    ])
    expect(await wampd.failure(1, 'kill', '1', '--realm', 'none')).deep.equal([
      'there is no realm none',
    ])
    expect(left()).deep.equal(['1', '0'])
  })
})
