import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { EXIT_CODES } from '../../src/cli/exit.ts'
import { shipped } from '../../src/config/shipped.ts'
import { failureOf, Wampd } from './wampd.ts'

const VERBS = [
  'dev',
  'start',
  'init',
  'check',
  'migrate',
  'status',
  'admin',
  'top',
  'ls',
  'kill',
  'trace',
  'reload',
  'drain',
  'stop',
  'call',
  'publish',
  'subscribe',
  'register',
  'bench',
  'conformance',
  'hash',
  'keygen',
  'token',
  'schema',
  'completion',
  'version',
]

describe('command line: usage', function () {
  this.timeout(30000)
  const wampd = new Wampd()

  it('prints its version, alone or with what it runs on', async () => {
    const { version } = JSON.parse(readFileSync(shipped('package.json'), 'utf8'))
    expect(await wampd.output('--version')).to.equal(`${version}\n`)
    const [first, node, transport] = (await wampd.output('version')).split('\n')
    expect(first).to.equal(`wampd ${version}`)
    expect(node).to.contain(process.version)
    expect(transport).to.match(/^transport (uws|ws)/)
  })

  it('has help with the verbs, examples and exit codes', async () => {
    const help = await wampd.output('--help')
    for (const verb of VERBS) expect(help).to.match(new RegExp(`^  ${verb}\\b`, 'm'))
    expect(help).to.contain('Examples:')
    for (const [code, text] of Object.entries(EXIT_CODES))
      expect(help).to.contain(`${code.padEnd(5)}${text}`)
  })

  it('has help with examples for each verb', async () => {
    const helps = await Promise.all(VERBS.map(verb => wampd.output(verb, '--help')))
    for (const [i, help] of helps.entries()) {
      expect(help).to.match(new RegExp(`^Usage: wampd ${VERBS[i]} `))
      expect(help).to.match(/\nExamples:\n {2}\S*wampd|\nExamples:\n {2}\S+ .*wampd/)
    }
  })

  it('has the exit codes in the README as well', () => {
    const readme = readFileSync(shipped('README.md'), 'utf8')
    for (const [code, text] of Object.entries(EXIT_CODES))
      expect(readme).to.contain(`| ${code} | ${text} |`)
  })

  it('names the nearest of an unknown verb, flag or value', async () => {
    const lines = await Promise.all([
      wampd.failure(2, 'strat'),
      wampd.failure(2, 'frobnicate'),
      wampd.failure(2, '--prot', '1'),
      wampd.failure(2, 'start', '--wach'),
      wampd.failure(2, 'init', '--template', 'prod'),
    ])
    expect(lines.map(([line]) => line)).to.deep.equal([
      "unknown verb 'strat' (Did you mean start?)",
      `unknown verb 'frobnicate' (known are help, ${VERBS.join(', ')})`,
      "unknown option '--prot' (Did you mean --port?)",
      "unknown option '--wach' (Did you mean --watch?)",
      "option '-t, --template <name>' argument 'prod' is invalid. Allowed choices are development, production, multi-realm, proxy.",
    ])
  })

  it('says what is wrong with a value', async () => {
    const [[port], [level], [realm], [variable], [surplus]] = await Promise.all([
      wampd.failure(2, '--port', '65536'),
      wampd.failure(2, 'start', '--log-level', 'loud'),
      wampd.failure(2, '--realm', 'a b'),
      failureOf(wampd.runWith({ PORT: 'x' }), 2),
      wampd.failure(2, 'dev', 'start'),
    ])
    expect(port).to.match(/'65536' is invalid.*whole number from 0 to 65535/)
    expect(level).to.match(/'loud' is invalid.*silent, error, warn, info, debug/)
    expect(realm).to.match(/'a b' is invalid/)
    expect(variable).to.match(/PORT.*invalid/)
    expect(surplus).to.contain('too many arguments')
  })

  it('says where the flags of 0.1.0 have gone', async () => {
    const lines = await Promise.all([
      wampd.failure(2, '--config', 'a.yaml'),
      wampd.failure(2, '-c', 'a.yaml', '--port', '1'),
      wampd.failure(2, '--port', '1', '--tls-cert', 'c.pem', '--tls-key', 'k.pem'),
      wampd.failure(2, '--grace', '5'),
      wampd.failure(2, '--final'),
    ])
    expect(lines.map(([line]) => line)).to.deep.equal([
      '--config is now: wampd start --config FILE',
      '--config is now: wampd start --config FILE',
      '--tls-cert is now: transports[].tls.certificate in a configuration: wampd init writes one',
      '--grace is now: shutdown.grace in a configuration: wampd init writes one',
      '--final is now: wampd stop --final, when it is to end',
    ])
  })
})
