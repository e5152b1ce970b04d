import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type {
  Client,
  ClientKind,
  Kwargs,
  OnEvent,
  Payload,
  SerializerName,
  User,
} from './client.ts'
import { serializerNames, WampError } from './client.ts'

// Tests run in the root of the repository.
const folder = resolve('test/interop')
const flavours = ['asyncio', 'twisted'] as const
type Flavour = (typeof flavours)[number]

/** Autobahn|Python; none where Python is missing. A run in CI must not pass without it. */
export const pythonKinds: ClientKind[] = []
/** The same, speaking in batches. No other library does. */
export const batchedKinds: ClientKind[] = []
type Name = SerializerName | `${SerializerName}.batched`

const missing = process.env.CI ? undefined : whyNoPython()
if (missing) console.log(`interop tests run without Autobahn|Python: ${missing}`)
else {
  pythonKinds.push(...flavours.flatMap(f => serializerNames.map(s => kind(f, s))))
  const batched = serializerNames.map(name => `${name}.batched` as const)
  batchedKinds.push(...flavours.flatMap(f => batched.map(s => kind(f, s))))
}

const peers = new Map<Flavour, Peer>()

/** The two event loops, none where Python is missing. */
export const pythonFlavours: readonly Flavour[] = missing ? [] : flavours

/** Joins with a credential and leaves; gives authid, role and method, or why it was refused. */
export async function pythonLogin(flavour: Flavour, credential: object): Promise<string> {
  const answer = await peers.get(flavour)?.ask({ do: 'login', realm: 'realm1', ...credential })
  return (answer?.args ?? []).join(' ')
}

/** Called in a before hook of each file: the processes then serve the whole run. */
export async function startPython() {
  if (missing || peers.size > 0) return
  const python = await virtualPython()
  for (const flavour of flavours) peers.set(flavour, startPeer(python, flavour))
}

after(async () => {
  await Promise.all([...peers.values()].map(peer => peer.stop()))
})

/** Why the tests with Python cannot run on this machine, if so. */
export function whyNoPython(): string | undefined {
  const check = 'import sys, venv; sys.exit(sys.version_info < (3, 11) and "it is " + sys.version)'
  const { error, status, stderr } = spawnSync('python3', ['-c', check], { encoding: 'utf8' })
  if (error) return `python3 does not run (${error.message})`
  return status === 0 ? undefined : `python3 is not 3.11 or later with venv: ${stderr.trim()}`
}

/** A process that runs a script of this folder; it ends when its stdin does. */
export async function runPython(script: string, ...args: string[]): Promise<PythonScript> {
  const child = spawn(await virtualPython(), [join(folder, script), ...args])
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    complaints += text
  })
  child.stdin.on('error', () => {}) // a process that is gone is reported by its exit
  const exit = new Promise<string>(resolve => child.on('close', () => resolve(complaints)))
  return {
    onLine: hear => createInterface(child.stdout).on('line', hear),
    say: line => child.stdin.write(`${line}\n`),
    stop() {
      child.stdin.end()
      return exit
    },
  }
}

interface PythonScript {
  onLine(hear: (line: string) => void): void
  /** Gives it a line on stdin. */
  say(line: string): void
  /** Gives what it wrote to stderr. */
  stop(): Promise<string>
}

/**
 * The Python of a virtual environment with what a file of requirements names, made once and kept in
 * .cache.
 */
export async function virtualPython(
  requirements: string = join(folder, 'requirements.txt'),
): Promise<string> {
  const version = await run('python3', ['-c', 'import sys; print(sys.version, sys.executable)'])
  const key = `${version}\n${await readFile(requirements, 'utf8')}`
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 12)
  const home = resolve('.cache', `python-${hash}`)
  const python = join(home, 'bin', 'python')
  if (existsSync(python)) return python

  // Made aside and renamed, so that nobody ever meets a half made one.
  await mkdir('.cache', { recursive: true })
  const draft = await mkdtemp(`${home}-`)
  try {
    await run('python3', ['-m', 'venv', draft])
    const install = ['install', '--quiet', '--disable-pip-version-check', '-r', requirements]
    await run(join(draft, 'bin', 'python'), ['-m', 'pip', ...install])
    await rename(draft, home)
  } catch (e) {
    await rm(draft, { recursive: true, force: true })
    // Somebody else was faster.
    if (!existsSync(python)) throw e
  }
  return python
}

async function run(command: string, args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)(command, args)).stdout.trim()
  } catch (e) {
    const { stderr, message } = e as Error & { stderr?: string }
    throw new Error(`no Python client: ${command} ${args.join(' ')} failed: ${stderr || message}`)
  }
}

/** A process running peer.py; it holds any number of sessions. */
interface Peer {
  /** Sends a command; `onEvent` gets what a subscription brings. */
  ask(command: object, onEvent?: OnEvent): Promise<Payload>
  stop(): Promise<void>
}

interface Message extends Payload {
  id?: number
  event?: number
  details?: Kwargs
  error?: string
}

function startPeer(python: string, flavour: Flavour): Peer {
  const child = spawn(python, [join(folder, 'peer.py'), flavour])
  const pending = new Map<number, PromiseWithResolvers>()
  const listeners = new Map<number, OnEvent>()
  let lastId = 0
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    complaints += text
  })
  child.stdin.on('error', () => {}) // a process that is gone is reported by its exit
  createInterface(child.stdout).on('line', line => {
    const { id, event, error, args, kwargs, details } = JSON.parse(line, reviveBytes) as Message
    if (event) return listeners.get(event)?.({ args, kwargs }, details ?? {})
    const request = pending.get(id as number)
    pending.delete(id as number)
    if (error) request?.reject(new WampError(error, args, kwargs))
    else request?.resolve({ args, kwargs })
  })
  const exit = new Promise<void>(resolve => {
    child.on('close', () => {
      for (const { reject } of pending.values()) reject(new Error(`Python ended: ${complaints}`))
      resolve()
    })
  })
  return {
    ask(command, onEvent) {
      const id = ++lastId
      if (onEvent) listeners.set(id, onEvent)
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject })
        send(child, { id, ...command })
      })
    },
    stop() {
      child.stdin.end()
      return exit
    },
  }
}

interface PromiseWithResolvers {
  resolve(payload: Payload): void
  reject(error: Error): void
}

function send(child: ChildProcess, command: object) {
  child.stdin?.write(`${JSON.stringify(command, bytesToJson)}\n`)
}

function bytesToJson(this: Record<string, unknown>, key: string, value: unknown) {
  // A Buffer has already turned itself into something else when it comes as `value`.
  const bytes = this[key]
  return bytes instanceof Uint8Array ? { $bytes: Buffer.from(bytes).toString('base64') } : value
}

function reviveBytes(_: string, value: unknown) {
  const { $bytes } = (value ?? {}) as { $bytes?: string }
  return $bytes === undefined ? value : Buffer.from($bytes, 'base64')
}

let lastSession = 0

function kind(flavour: Flavour, serializer: Name): ClientKind {
  const name = `Autobahn|Python ${flavour} ${serializer}`
  return { name, connect: (url, _, user) => connect(name, flavour, serializer, url, user) }
}

async function connect(
  name: string,
  flavour: Flavour,
  serializer: Name,
  url: string,
  user?: User,
): Promise<Client> {
  const peer = peers.get(flavour)
  if (!peer) throw new Error('startPython() has not run')
  const session = ++lastSession
  const ask = (command: object, onEvent?: OnEvent) => peer.ask({ session, ...command }, onEvent)
  const authorities = resolve('test/fixtures/localhost.crt')
  await ask({ do: 'join', url, realm: 'realm1', serializer, authorities, ...user })
  const left = ask({ do: 'left' }).then(({ args }) => args[0] as string)
  left.catch(() => {}) // the process ended before the session, which only a failed test does

  return {
    name,
    left,
    async subscribe(topic, onEvent, options) {
      await ask({ do: 'subscribe', topic, options }, onEvent)
    },
    async unsubscribe(topic) {
      await ask({ do: 'unsubscribe', topic })
    },
    async publish(topic, args, kwargs, options) {
      await ask({ do: 'publish', topic, args, kwargs, options })
    },
    async publishMany(topic, count) {
      await ask({ do: 'publish_many', topic, count })
    },
    async register(procedure, behaviour, options = {}) {
      await ask({ do: 'register', procedure, behaviour, options })
    },
    async unregister(procedure) {
      await ask({ do: 'unregister', procedure })
    },
    // The library has no way to ask for disclosure.
    call: (procedure, args, kwargs, { timeout, onProgress } = {}) =>
      ask({ do: 'call', procedure, args, kwargs, timeout, progress: !!onProgress }, onProgress),
    async callAndCancel(procedure) {
      await ask({ do: 'call_and_cancel', procedure })
    },
    async close() {
      await ask({ do: 'leave' })
      await left
    },
  }
}
