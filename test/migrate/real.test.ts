import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { ConfigError } from '../../src/config/problem.ts'
import type { OldRouter } from '../../src/migrate/migrate.ts'
import { migrated } from './migrating.ts'

const run = promisify(execFile)

/** A released package of another router, with the configurations that it brings along. */
interface Package {
  readonly router: OldRouter
  readonly name: string
  /** What tells its configurations from other files. */
  readonly files: RegExp
  readonly least: number
  /** Brings what is in the package into a folder. */
  fetch(folder: string): Promise<unknown>
}

const wheel = (version: string): Package['fetch'] => {
  return async folder => {
    const args = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps']
    const only = ['--only-binary', ':all:', '--dest', folder, `crossbar==${version}`]
    await run('python3', [...args, ...only])
    const [file = ''] = (await readdir(folder)).filter(name => name.endsWith('.whl'))
    await run('python3', ['-m', 'zipfile', '-e', join(folder, file), folder])
  }
}

const PACKAGES: readonly Package[] = [
  {
    ...{ router: 'crossbar', name: 'crossbar-26.10.1', fetch: wheel('26.10.1') },
    files: /(^|\/)(config|test_config\w*|default|bare|pairme)\.json$/,
    least: 10,
  },
  {
    ...{ router: 'crossbar', name: 'crossbar-17.12.1', fetch: wheel('17.12.1') },
    files: /(^|\/)config\.json$/,
    least: 1,
  },
  {
    ...{ router: 'nexus', name: 'nexus-3.2.2' },
    files: /(^|\/)nexus\.json$/,
    least: 1,
    fetch: folder =>
      run('go', ['mod', 'download', '-modcacherw', 'github.com/gammazero/nexus/v3@v3.2.2'], {
        cwd: folder,
        env: { ...process.env, GOMODCACHE: folder, GOFLAGS: '-modcacherw' },
      }),
  },
]

/** Fetched once, and kept in .cache. */
async function contentsOf({ name, fetch }: Package): Promise<string> {
  const home = resolve('.cache', `migrate-${name}`)
  if (existsSync(home)) return home
  await mkdir('.cache', { recursive: true })
  const draft = await mkdtemp(`${home}-`)
  try {
    await fetch(draft)
    await rename(draft, home)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    if (!existsSync(home)) throw error
  }
  return home
}

describe('migrate: configurations that other routers ship', function () {
  this.timeout(300_000)

  for (const one of PACKAGES) {
    it(`makes a sound one of each of ${one.name}`, async function () {
      let home = ''
      try {
        home = await contentsOf(one)
      } catch (error) {
        // A run in CI must not pass without them.
        if (process.env.CI) throw error
        console.log(`${one.name} is not to be had: ${(error as Error).message.split('\n')[0]}`)
        this.skip()
      }
      const names = await readdir(home, { recursive: true })
      const files = names.filter(name => one.files.test(name)).map(name => join(home, name))
      expect(files.length).to.be.at.least(one.least)
      for (const file of files) {
        const text = await readFile(file, 'utf8')
        try {
          const { rows } = migrated(one.router, text, { file })
          expect(rows, file).to.not.deep.equal([])
        } catch (error) {
          throw error instanceof ConfigError
            ? new Error(`${basename(file)}: ${error.message}`, { cause: error })
            : error
        }
      }
    })
  }
})
