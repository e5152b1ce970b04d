import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { EXIT_CODES } from '../../src/cli/exit.ts'
import { CLI } from '../cli/wampd.ts'

const text = readFileSync('docs/cli.md', 'utf8')
const VERBS = ['call', 'publish', 'subscribe', 'register', 'token']
const run = promisify(execFile)

// Its examples are run by snippets.test.ts.
describe('docs/cli.md', function () {
  this.timeout(30_000)

  it('names no flag that is not there, and all of the ways to a router', async () => {
    const helps = await Promise.all(VERBS.map(verb => run(process.execPath, [CLI, verb, '--help'])))
    const known = helps.map(({ stdout }) => stdout).join('\n')
    const flags = new Set(text.match(/--[a-z][a-z-]+/g))
    for (const flag of flags) expect(known).match(new RegExp(`${flag}\\b`))
    const [first = ''] = known.split('\nOptions:')
    const common = first.match(/^ {2}--[a-z-]+/gm) ?? []
    expect(common).length.above(8)
    for (const flag of common) expect(flags).include(flag.trim())
  })

  it('has the exit codes that there are', () => {
    for (const code of ['0', '1', '2', '3', '4', '5', '130', '143']) {
      expect(EXIT_CODES).property(code)
      expect(text).match(new RegExp(`^\\| (\\d+, )?${code}(, \\d+)? \\|`, 'm'))
    }
  })
})
