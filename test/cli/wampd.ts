import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import { USUAL_TRANSPORT } from '../helpers/transports.ts'

export const CLI = fileURLToPath(new URL('../../src/cli.js', import.meta.url))

/** A process of wampd. */
export interface Run {
  readonly process: ChildProcess
  out: string
  err: string
  /** The exit code, once the process has ended. */
  readonly exited: Promise<number | null>
}

/** A configuration with a realm `a`, which everybody may join, and the port that is to be used. */
export const OPEN = `version: 1
realms:
  - name: a
    roles: [{ name: guest, permissions: [{ uri: "", match: prefix, allow: { call: true, register: true } }] }]
authenticators: { guests: { anonymous: { role: guest } } }
transports: [{ id: main, type: websocket, endpoint: { port: 0 }, auth: [guests] }]
`

/** The command line for the tests of a suite: a folder of its own to run in, and processes that end. */
export class Wampd {
  readonly folder = mkdtempSync(join(tmpdir(), 'wampd-cli-'))
  readonly #running: Run[] = []

  constructor() {
    afterEach(() => this.#end())
    after(() => rmSync(this.folder, { recursive: true }))
  }

  run(...args: string[]): Run {
    return this.runWith({}, ...args)
  }

  /** With further variables in the environment. */
  runWith(env: Record<string, string>, ...args: string[]): Run {
    return this.spawn(process.execPath, [CLI, ...args], env)
  }

  /** Whatever runs wampd. */
  spawn(command: string, args: readonly string[], env: Record<string, string>): Run {
    const child = spawn(command, args, {
      cwd: this.folder,
      // The control socket is not that of a router which runs beside the tests.
      env: { PATH: process.env.PATH, XDG_RUNTIME_DIR: this.folder, ...env },
    })
    const exited = new Promise<number | null>(resolve => child.on('close', resolve))
    const run: Run = { process: child, out: '', err: '', exited }
    child.stdout.setEncoding('utf8').on('data', text => {
      run.out += text
    })
    child.stderr.setEncoding('utf8').on('data', text => {
      run.err += withoutTakeover(text)
    })
    this.#running.push(run)
    return run
  }

  /** What a verb writes on standard output that ends well. */
  async output(...args: string[]): Promise<string> {
    const run = this.run(...args)
    expect(await run.exited, run.err).to.equal(0)
    return run.out
  }

  /** What a verb says that fails, in lines without their prefix. */
  async failure(code: number, ...args: string[]): Promise<string[]> {
    return failureOf(this.run(...args), code)
  }

  /** Writes a file, and gives its path. */
  file(name: string, text: string): string {
    const path = join(this.folder, name)
    writeFileSync(path, text)
    return path
  }

  async #end(): Promise<void> {
    for (const run of this.#running.splice(0)) {
      run.process.kill('SIGKILL')
      await run.exited
    }
  }
}

/** The URL of a router that has started. */
export async function urlOf(run: Run): Promise<string> {
  // It is written in one piece.
  await until(run, () => run.out.includes('\nrealms: '))
  return /listens on (wss?:\S+)/.exec(run.out)?.[1] as string
}

/** Waits for a sign of a process that goes on. */
export async function until(run: Run, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!isSo()) {
    if (run.process.exitCode !== null || Date.now() > deadline) {
      throw new Error(`that did not come: ${run.out}${run.err}`)
    }
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

export async function failureOf(run: Run, code: number): Promise<string[]> {
  expect(await run.exited, run.err).to.equal(code)
  expect(run.out).to.equal('')
  const lines = run.err.trimEnd().split('\n')
  for (const line of lines) expect(line).to.match(/^wampd: /)
  return lines.map(line => line.slice(7))
}

export interface Client {
  readonly socket: WebSocket
  /** The router's answer to HELLO. */
  readonly answer: unknown[]
  next(): Promise<unknown[]>
  /** The close code. */
  readonly closed: Promise<number>
}

export async function hello(url: string, realm: string): Promise<Client> {
  const socket = new WebSocket(url, 'wamp.2.json')
  const closed = new Promise<number>(resolve => socket.on('close', resolve))
  const next = () =>
    new Promise<unknown[]>((resolve, reject) => {
      socket.once('message', data => resolve(JSON.parse(String(data))))
      socket.once('error', reject)
    })
  socket.on('open', () => {
    const roles = { publisher: {}, subscriber: {}, caller: {}, callee: {} }
    socket.send(JSON.stringify([1, realm, { roles }]))
  })
  return { socket, answer: await next(), next, closed }
}

/** 2 for WELCOME, else the reason of the refusal. */
export async function answerTo(url: string, realm: string): Promise<unknown> {
  const { socket, answer } = await hello(url, realm)
  socket.terminate()
  return answer[0] === 2 ? 2 : answer[2]
}

/** Where uWebSockets.js does not load, each router says so in a line that no test is about. */
export function withoutTakeover(text: string): string {
  if (USUAL_TRANSPORT === 'uws') return text
  return text.replace(/^.*uWebSockets\.js does not load here; ws takes over.*\n/gm, '')
}
