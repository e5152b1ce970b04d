// Runs the whole suite under the Nodes other than the running one, each with the dependencies that
// npm installs for it. `npm run pretest` comes before. Where uWebSockets.js has no binary for a pair
// of Node and C library, ws serves alone, and that is said.
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { npm, otherNodes, withNode } from './nodes.mjs'

/** What tests read. */
const PARTS = [
  ...[
    'package.json',
    'package-lock.json',
    '.mocharc.json',
    'CHANGELOG.md',
    'README.md',
    'SECURITY.md',
  ],
  ...['build', 'deploy', 'dist', 'docs', 'examples', 'realms', 'scripts', 'src', 'test'],
]

/** Folders of tests that ask little of Node, and start many programs: the suite of the running one has them. */
const ELSEWHERE = ['browser', 'cli', 'conformance', 'docs', 'migrate', 'page']

const root = resolve(import.meta.dirname, '..')
const suites = otherNodes().map(prepared)
// Most of a suite is waiting: they run side by side, and each shows what it says when it is over.
await Promise.all(suites.map(run))

/** Lays out a folder for a Node, with its dependencies. */
function prepared(node) {
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
  return { node, version, home, lacks: missing(home) }
}

function run({ node, version, home, lacks }) {
  const over = lacks === '' ? {} : { WAMPD_TRANSPORTS: 'ws' }
  const left = ELSEWHERE.flatMap(folder => ['--ignore', `build/test/${folder}/**`])
  const mocha = [join(home, 'node_modules', 'mocha', 'bin', 'mocha.js'), '--no-color', ...left]
  const env = { ...withNode(node), ...over }
  const child = spawn(node, mocha, { cwd: home, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      said += text
    })
  }
  return new Promise(resolve => {
    child.on('close', status => {
      const reason = lacks === '' ? '' : `, over ws only: ${lacks}`
      const without = `without ${ELSEWHERE.join(', ')}`
      console.log(`== the suite under Node ${version}, ${without}${reason}\n${said}`)
      if (status !== 0) process.exitCode = 1
      resolve()
    })
  })
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
