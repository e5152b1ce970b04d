// Runs the whole suite under the Nodes other than the running one, each with the dependencies that
// npm installs for it. `npm run pretest` comes before. Where uWebSockets.js has no binary for a pair
// of Node and C library, ws serves alone, and that is said.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { npm, otherNodes, withNode } from './nodes.mjs'

/** What tests read. */
const PARTS = [
  ...['package.json', 'package-lock.json', '.mocharc.json', 'CHANGELOG.md', 'README.md'],
  ...['build', 'dist', 'docs', 'examples', 'realms', 'scripts', 'src', 'test'],
]

const root = resolve(import.meta.dirname, '..')
for (const node of otherNodes()) {
  const { version, missing } = facts(node)
  const home = join(root, '.cache', `suite-${version}`)
  for (const part of PARTS) {
    rmSync(join(home, part), { recursive: true, force: true })
    cpSync(join(root, part), join(home, part), { recursive: true })
  }
  // What the tests themselves fetch is the same for all.
  rmSync(join(home, '.cache'), { force: true })
  symlinkSync(join(root, '.cache'), join(home, '.cache'))
  npm(node, home, 'install', '--silent', '--no-audit', '--no-fund')
  const lacks = missing(home)
  const over = lacks === '' ? {} : { WAMPD_TRANSPORTS: 'ws' }
  console.log(`== the suite under Node ${version}${lacks === '' ? '' : `, over ws only: ${lacks}`}`)
  const mocha = [join(home, 'node_modules', 'mocha', 'bin', 'mocha.js'), '--no-color']
  const env = { ...withNode(node), ...over }
  const { status } = spawnSync(node, mocha, { cwd: home, env, stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}

/** A Node's version, and a way to ask why no binary loads that was built for another C library. */
function facts(node) {
  const say = (cwd, program) => {
    const args = ['--input-type=module', '--eval', program]
    return String(spawnSync(node, args, { cwd }).stdout).trim()
  }
  mkdirSync(join(root, '.cache'), { recursive: true })
  return {
    version: say(root, 'console.log(process.versions.node)'),
    missing(home) {
      const program = `
        import { loadUws } from './build/src/transport/load.js'
        console.log((await loadUws()).missing ?? '')`
      const reason = say(home, program)
      // Any other reason is a fault, which the tests will find.
      return reason.includes('GLIBC') ? reason : ''
    },
  }
}
