import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { start, stop } from './processes.mjs'

const { CROSSBAR, DIST, NEXUSD } = process.env
const root = resolve(import.meta.dirname, '../..')
const dist = resolve(DIST ?? join(root, 'dist'))

const scratch = mkdtempSync(join(tmpdir(), 'wampd-bench-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

/** Those measured unless told. Crossbar takes seconds to start, so it has to be asked for. */
export function usualRouters() {
  return NEXUSD === undefined ? ['wampd', 'wampd-ws'] : ['wampd', 'wampd-ws', 'nexus']
}

/** Says what hinders a router from being measured, if anything. */
export function missing(name) {
  if (name === 'nexus') return NEXUSD ? undefined : 'NEXUSD must name the nexusd binary'
  if (name === 'crossbar') return CROSSBAR ? undefined : 'CROSSBAR must name the crossbar script'
  if (!/^wampd(-ws)?(@.+)?$/.test(name)) return 'not known'
  const index = join(distOf(name), 'index.js')
  return existsSync(index) ? undefined : `there is no ${index}`
}

/** `wampd@folder` is another build, such as that of the commit before. */
function distOf(name) {
  const at = name.indexOf('@')
  return at < 0 ? dist : resolve(name.slice(at + 1))
}

/** Starts a router and waits until its port is open. What is `more` goes to serve.mjs. */
export async function startRouter(name, ...more) {
  const port = await freePort()
  const child = start(0, [...(await command(name, port)), ...more], {
    cwd: scratch,
    ipc: name.startsWith('wampd'),
  })
  const limit = Date.now() + 30_000
  while (!(await answers(port))) {
    if (Date.now() > limit || child.exitCode !== null || child.signalCode !== null) {
      await stop(child)
      throw new Error(`${name} did not start: ${child.output.slice(-500)}`)
    }
    await sleep(20)
  }
  await sleep(100) // its start-up work must not count
  return { child, url: `ws://127.0.0.1:${port}/ws` }
}

async function command(name, port) {
  if (name === 'nexus') return [resolve(NEXUSD), '-c', nexusConfig(port)]
  if (name === 'crossbar') {
    return [resolve(CROSSBAR), 'start', '--cbdir', crossbarFolder(port, await freePort())]
  }
  const transport = name.startsWith('wampd-ws') ? 'ws' : 'uws'
  const serve = join(import.meta.dirname, 'serve.mjs')
  return [process.execPath, serve, distOf(name), String(port), transport]
}

function nexusConfig(port) {
  const file = join(scratch, `nexus-${port}.json`)
  const realm = { uri: 'realm1', anonymous_auth: true, allow_disclose: true }
  const config = {
    websocket: { address: `127.0.0.1:${port}`, allow_origins: ['*'] },
    router: { debug: false, realms: [realm] },
  }
  writeFileSync(file, JSON.stringify(config))
  return file
}

/** What `crossbar init` makes, with other ports and on loopback only. */
function crossbarFolder(port, rawSocketPort) {
  const folder = join(scratch, `crossbar-${port}`)
  execFileSync(resolve(CROSSBAR), ['init', '--appdir', folder], { stdio: 'ignore' })
  const file = join(folder, '.crossbar', 'config.json')
  const config = JSON.parse(readFileSync(file, 'utf8'))
  const [rawSocket, web] = config.workers[0].transports
  Object.assign(rawSocket.endpoint, { port: rawSocketPort, interface: '127.0.0.1' })
  Object.assign(web.endpoint, { port, interface: '127.0.0.1' })
  writeFileSync(file, JSON.stringify(config))
  return join(folder, '.crossbar')
}

function freePort() {
  return new Promise((done, fail) => {
    const server = createServer().on('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}

function answers(port) {
  return new Promise(done => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => done(true)).on('error', () => done(false))
    socket.on('connect', () => socket.destroy())
  })
}

/** A router's version, as far as it tells. */
export function version(name) {
  if (name === 'nexus') return name // nexusd does not know its own
  if (name === 'crossbar') {
    const { stdout = '', stderr = '' } = spawnSync(CROSSBAR, ['version'], { encoding: 'utf8' })
    return `crossbar ${/Crossbar\.io v(\S+)/.exec(stdout + stderr)?.[1] ?? ''}`.trim()
  }
  if (name.includes('@')) return undefined // its column names the folder
  // Of another build the commit is not known.
  if (DIST !== undefined) return `wampd from ${dist}`
  const commit = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: root }).stdout
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return `wampd ${version} ${commit ?? ''}`.trim()
}
