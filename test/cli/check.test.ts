import { expect } from 'chai'
import { OPEN, Wampd } from './wampd.ts'

describe('command line: check', function () {
  this.timeout(30000)
  const wampd = new Wampd()

  /** What it prints on standard output, and its exit code. */
  async function check(...args: string[]): Promise<[number | null, string]> {
    const run = wampd.run('check', ...args)
    const code = await run.exited
    expect(run.err).to.equal('')
    return [code, run.out]
  }

  it('says that a file is sound', async () => {
    const file = wampd.file('wampd.yaml', OPEN)
    const sound = 'is sound: 1 realm, 1 transport, 1 file\n'
    expect(await check(file)).to.deep.equal([0, `${file} ${sound}`])
    expect(await check()).to.deep.equal([0, `wampd.yaml ${sound}`])
    const [code, json] = await check('--json')
    expect([code, JSON.parse(json)]).to.deep.equal([0, { ok: true, problems: [] }])
  })

  it('prints all problems, however many, as lines or as JSON', async () => {
    const keys = Array.from({ length: 60 }, (_, i) => `x${i}: 1`)
    const file = wampd.file('bad.yaml', ['version: 2', ...keys].join('\n'))
    const [code, text] = await check(file)
    expect(code).to.equal(1)
    const lines = text.trimEnd().split('\n')
    expect(lines).to.have.length(62)
    expect(lines[0]).to.equal(`${file}:1:10: version: expected 1, found 2`)
    expect(lines.at(-1)).to.equal('61 problems')
    const [, json] = await check(file, '--json')
    const { ok, problems } = JSON.parse(json)
    expect(ok).to.equal(false)
    expect(problems).to.have.length(61)
    expect(problems[0]).to.deep.equal({
      ...{ file, line: 1, column: 10, path: 'version' },
      text: 'expected 1, found 2',
    })
  })

  it('counts a file that is not there as a problem', async () => {
    expect(await check('none.yaml')).to.deep.equal([1, 'none.yaml: no such file\n1 problem\n'])
  })

  it('explains who may do what, and by which rule', async () => {
    const file = wampd.file('a.yaml', OPEN)
    const explain = (...args: string[]) => check(file, '--explain', ...args)
    expect(await explain('anonymous', 'com.x', 'call')).to.deep.equal([
      0,
      `yes in a as guest by guests.anonymous: the prefix rule for "" allows it (${file}:4:42)\n`,
    ])
    const [code, text] = await explain('anonymous', 'com.', 'subscribe', '--match', 'prefix')
    expect([code, text]).to.deep.equal([
      1,
      `no in a as guest by guests.anonymous: the prefix rule for "" decides, and does not allow it (${file}:4:42)\n`,
    ])
    expect(await explain('jo', 'com.x', 'call')).to.deep.equal([
      1,
      'no: no authenticator knows "jo"\n',
    ])
    const [, json] = await explain('anonymous', 'com.x', 'call', '--json')
    const { allowed, explanations } = JSON.parse(json)
    expect(allowed).to.equal(true)
    expect(explanations[0]).to.include({ realm: 'a', role: 'guest', line: 4 })
  })

  it('says how --explain is written', async () => {
    const file = wampd.file('a.yaml', OPEN)
    const lines = await Promise.all([
      wampd.failure(2, 'check', file, '--explain', 'joe', 'com.x'),
      wampd.failure(2, 'check', file, '--explain', 'joe', 'com.x', 'cal'),
      wampd.failure(2, 'check', file, '--match', 'prefix'),
      wampd.failure(2, 'check', file, '--explain', 'a', 'b', 'call', '--match', 'prefx'),
    ])
    expect(lines.map(([line]) => line)).to.deep.equal([
      '--explain takes AUTHID URI ACTION; a FILE comes before it',
      "unknown action 'cal' (Did you mean call?)",
      '--match belongs to --explain',
      "option '--match <policy>' argument 'prefx' is invalid. Allowed choices are exact, prefix, wildcard.",
    ])
  })
})
