import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { EXIT_CODES } from '../../src/cli/exit.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { CLI } from '../cli/wampd.ts'

const text = readFileSync('docs/cli.md', 'utf8')
const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block)
const SECRET = 'a secret of the tests, 32 or more characters'
const VERBS = ['call', 'publish', 'subscribe', 'register', 'token']
const run = promisify(execFile)

describe('docs/cli.md', function () {
  this.timeout(60_000)
  let folder: string
  let routers: Router[]
  let env: NodeJS.ProcessEnv

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wampd-docs-'))
    writeFileSync(join(folder, 'wampd'), `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`)
    chmodSync(join(folder, 'wampd'), 0o755)
    writeFileSync(join(folder, 'jwt.secret'), SECRET)
    const open = createRouter({ development: true })
    const allow = { call: true, register: true }
    const permissions = [{ uri: '', match: 'prefix' as const, allow }]
    const guarded = createRouter({
      realms: [{ name: 'realm1', roles: [{ name: 'user', permissions }] }],
      authenticators: {
        users: { jwt: { algorithms: ['HS256'], secret: SECRET, roles: ['user'] } },
      },
    })
    routers = [open, guarded]
    await guarded.session('realm1').register('com.example.orders', () => [])
    env = {
      PATH: `${folder}:${process.env.PATH}`,
      WAMPD_URL: (await open.listen({ port: 0 })).url,
      ROUTER: (await guarded.listen({ port: 0 })).url,
    }
  })
  after(async () => {
    await Promise.all(routers.map(router => router.close()))
    rmSync(folder, { recursive: true })
  })

  it('has examples', () => {
    expect(blocks).length.above(4)
  })

  for (const [i, block] of blocks.entries()) {
    it(`has an example that runs: ${block.split('\n', 1)[0]}`, async function () {
      if (block.includes('jq ') && !process.env.CI && !has('jq')) {
        console.log(`example ${i + 1} of docs/cli.md is not run: there is no jq`)
        this.skip()
      }
      const { stdout } = await run('bash', ['-e', '-c', block], { cwd: folder, env })
      const promised = [...block.matchAll(/ # (.*)$/gm)].map(([, value]) => value)
      expect(stdout.split('\n')).include.members(promised)
    })
  }

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

function has(command: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`])
    return true
  } catch {
    return false
  }
}
