import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { start, stop } from './processes.mjs'

const root = resolve(import.meta.dirname, '../..')
const dist = resolve(process.env.DIST ?? join(root, 'dist'))

export const scratch = mkdtempSync(join(tmpdir(), 'wampd-bench-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

/**
 * What can be measured. `needs` is the variable of the environment that says where a router is, and what
 * it names; `command` starts it on a port; `version` is as far as it tells. `serializers` where it does
 * not speak all.
 */
const ROUTERS = {
  bare: {
    serializers: ['json'],
    command: port => [process.execPath, join(import.meta.dirname, 'relay.mjs'), String(port)],
    version: () => 'bare: relay.mjs',
  },
  // Connections and nothing else.
  'bare-idle': {
    command: port => [process.execPath, join(import.meta.dirname, 'idle.mjs'), 'uws', String(port)],
    version: () => 'bare-idle: idle.mjs',
  },
  'bare-idle-ws': {
    command: port => [process.execPath, join(import.meta.dirname, 'idle.mjs'), 'ws', String(port)],
    version: () => 'bare-idle-ws: idle.mjs',
  },
  nexus: {
    needs: ['NEXUSD', 'the nexusd binary'],
    command: port => [resolve(process.env.NEXUSD), '-c', nexusConfig(port)],
    version: () => 'nexus', // nexusd does not know its own
  },
  xconn: {
    needs: ['NXT', 'the nxt binary'],
    command: port => [resolve(process.env.NXT), 'start', '-c', nxtFolder(port)],
    version: () => `xconn ${spoken([resolve(process.env.NXT), '--version'])}`,
  },
  crossbar: {
    needs: ['CROSSBAR', 'the crossbar script'],
    command: async port => {
      const folder = crossbarFolder(port, await freePort())
      return [resolve(process.env.CROSSBAR), 'start', '--cbdir', folder]
    },
    version: () => `crossbar ${spoken([resolve(process.env.CROSSBAR), 'version'])}`,
  },
  fox: {
    needs: ['FOX', 'the folder of the package fox-wamp'],
    serializers: ['json'],
    command: port => [process.execPath, '--eval', foxProgram(port)],
    version: () => `fox-wamp ${packageVersion(resolve(process.env.FOX))}`,
  },
  // The hot path alone, without realms, rules, options or limits.
  proto: {
    needs: ['PROTO', 'proto.mjs of the prototype'],
    command: port => [process.execPath, resolve(process.env.PROTO), String(port)],
    version: () => 'prototype',
  },
}

/** Those measured unless told: what is at hand. Crossbar takes seconds to start, so it has to be asked for. */
export function usualRouters() {
  const others = ['nexus', 'xconn', 'fox'].filter(name => missing(name) === undefined)
  return ['bare', 'wampd', 'wampd-ws', ...others]
}

/** Says what hinders a router from being measured, if anything. */
export function missing(name) {
  const { needs: [variable, what] = [] } = ROUTERS[name] ?? {}
  if (variable !== undefined)
    return process.env[variable] ? undefined : `${variable} must name ${what}`
  if (name in ROUTERS) return undefined
  if (!isWampd(name))
    return `not known; there are wampd, wampd-ws, ${Object.keys(ROUTERS).join(', ')}`
  const index = join(distOf(name), 'index.js')
  return existsSync(index) ? undefined : `there is no ${index}`
}

export function speaks(name, serializer) {
  return ROUTERS[name]?.serializers?.includes(serializer) ?? true
}

function isWampd(name) {
  return /^wampd(-ws)?(@.+)?$/.test(name)
}

/** `wampd@folder` is another build, such as that of the commit before. */
function distOf(name) {
  const at = name.indexOf('@')
  return at < 0 ? dist : resolve(name.slice(at + 1))
}

/**
 * Starts a router and waits until its port is open. `node` are flags for
 * those that run on Node, `more` is what serve.mjs is told beside.
 */
export async function startRouter(name, node = [], more = []) {
  const port = await freePort()
  const [program, ...rest] = await command(name, port)
  const argv = program === process.execPath ? [program, ...node, ...rest] : [program, ...rest]
  const child = start(0, [...argv, ...more], { cwd: scratch, ipc: program === process.execPath })
  const limit = Date.now() + 30_000
  while (!(await answers(port))) {
    if (Date.now() > limit || child.exitCode !== null || child.signalCode !== null) {
      await stop(child)
      throw new Error(`${name} did not start: ${child.output.slice(-500)}`)
    }
    await sleep(20)
  }
  await sleep(100) // its start-up work must not count
  return { child, port, url: `ws://127.0.0.1:${port}/ws` }
}

function command(name, port) {
  if (name in ROUTERS) return ROUTERS[name].command(port)
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
  execFileSync(resolve(process.env.CROSSBAR), ['init', '--appdir', folder], { stdio: 'ignore' })
  const file = join(folder, '.crossbar', 'config.json')
  const config = JSON.parse(readFileSync(file, 'utf8'))
  const [rawSocket, web] = config.workers[0].transports
  Object.assign(rawSocket.endpoint, { port: rawSocketPort, interface: '127.0.0.1' })
  Object.assign(web.endpoint, { port, interface: '127.0.0.1' })
  writeFileSync(file, JSON.stringify(config))
  return join(folder, '.crossbar')
}

/** As its sample is, but for the log and what manages it. */
function nxtFolder(port) {
  const folder = join(scratch, `nxt-${port}`)
  const verbs = ['call', 'register', 'publish', 'subscribe'].map(verb => [`allow_${verb}`, true])
  const permission = { uri: '', match: 'prefix', ...Object.fromEntries(verbs) }
  const config = {
    version: '1',
    config: { loglevel: 'info', management: false },
    realms: [{ name: 'realm1', roles: [{ name: 'guest', permissions: [permission] }] }],
    transports: [
      {
        type: 'websocket',
        listener: 'tcp',
        address: `127.0.0.1:${port}`,
        serializers: ['json', 'cbor', 'msgpack'],
      },
    ],
    authenticators: { anonymous: [{ authid: 'guest', realm: 'realm1', role: 'guest' }] },
  }
  mkdirSync(join(folder, '.nxt'), { recursive: true })
  // JSON is YAML.
  writeFileSync(join(folder, '.nxt', 'config.yaml'), JSON.stringify(config))
  return folder
}

/** The package is no program. */
function foxProgram(port) {
  const folder = JSON.stringify(resolve(process.env.FOX))
  return `const Router = require(${folder}); const router = new Router();
    router.getRealm('realm1', () => router.listenWAMP({ port: ${port}, host: '127.0.0.1', path: '/ws' }))`
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

/** A router's version, as far as it tells; undefined where the column says it. */
export function version(name) {
  if (name in ROUTERS) return ROUTERS[name].version().trim()
  if (name.includes('@')) return undefined // its column names the folder
  // Of another build the commit is not known.
  if (process.env.DIST !== undefined) return `wampd from ${dist}`
  const commit = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: root }).stdout
  return `wampd ${packageVersion(root)} ${commit ?? ''}`.trim()
}

/** The first thing that looks like a version in what a command says. */
function spoken([program, ...args]) {
  const { stdout = '', stderr = '' } = spawnSync(program, args, { encoding: 'utf8' })
  return /\d+\.\d+\.\d+\S*/.exec(stdout + stderr)?.[0] ?? ''
}

function packageVersion(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version
}
