import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { basename, delimiter, dirname, join, resolve } from 'node:path'
import { withoutTakeover } from '../cli/wampd.ts'
import { freePort } from '../helpers/free-port.ts'

/** The ports that the documents name. Each page has others in their place, that are free. */
const PORTS = ['3000', '8080', '8081', '8443', '9090', '61613']

/** Longer than anything in the documents takes, on a machine that is busy. */
const PATIENCE = 30_000

/**
 * A page, walked from its top to its end as a reader would: in a folder of its own, whose files stay, and
 * with what its blocks have started, which runs until the end.
 */
export class Walk {
  // Below the repository, so that modules find its packages, and `wampd` is this one.
  readonly folder: string
  readonly #ports: ReadonlyMap<string, string>
  readonly #path: string
  readonly #running: ChildProcess[] = []

  private constructor(page: string, ports: ReadonlyMap<string, string>, path: string) {
    mkdirSync('build/pages', { recursive: true })
    this.folder = mkdtempSync(resolve('build/pages', `${basename(page, '.md')}-`))
    this.#ports = ports
    this.#path = path
  }

  /** `python`: the folder of Python's programs. */
  static async begin(page: string, python: string): Promise<Walk> {
    const ports = new Map<string, string>()
    for (const port of PORTS) ports.set(port, String(await freePort()))
    const path = [resolve('test/docs/bin'), python, dirname(process.execPath), process.env.PATH]
    return new Walk(page, ports, path.join(delimiter))
  }

  async end(): Promise<void> {
    while (this.#running.length > 0) await this.endLast()
    rmSync(this.folder, { recursive: true })
  }

  /** Ends what was started last. */
  async endLast(): Promise<void> {
    const child = this.#running.pop()
    if (child === undefined) return
    child.ref()
    const isOver = child.exitCode !== null || child.signalCode !== null
    const ended = isOver || new Promise(resolve => child.on('exit', resolve))
    try {
      // A shell and what it runs are a group of processes.
      process.kill(-(child.pid as number), 'SIGKILL')
    } catch {
      // None of them is there any more.
    }
    await ended
  }

  /** A text with the ports of this walk. */
  here(text: string): string {
    return text.replace(/\b\d{4,5}\b/g, port => this.#ports.get(port) ?? port)
  }

  write(file: string, text: string): void {
    const path = join(this.folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, this.here(text))
  }

  /**
   * Runs a command until its output is the one that is expected; it may go on. Where none is, it must end
   * well. Gives what went wrong.
   */
  async run(command: string, expected?: string): Promise<string | undefined> {
    const child = spawn('sh', ['-ec', this.here(command)], {
      cwd: this.folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: this.#path,
        HOME: this.folder,
        XDG_RUNTIME_DIR: this.folder,
        REPOSITORY: process.cwd(),
        DEVELOPMENT_PORT: this.here('8080'),
        // Where the verbs of the client look for a router.
        WAMPD_URL: this.here('ws://127.0.0.1:8080/ws'),
        PYTHONUNBUFFERED: '1',
        PIP_NO_INDEX: '1',
        PIP_DISABLE_PIP_VERSION_CHECK: '1',
      },
    })
    let output = ''
    const hear = (text: string) => {
      output += text
    }
    child.stdout.setEncoding('utf8').on('data', hear)
    child.stderr.setEncoding('utf8').on('data', hear)
    let isOver = false
    child.on('close', () => {
      isOver = true
    })
    const pattern = expected === undefined ? undefined : patternOf(this.here(expected))
    const isAsExpected = () => pattern?.test(withoutTrail(withoutTakeover(output))) ?? false

    const deadline = Date.now() + PATIENCE
    while (!isOver && !isAsExpected() && Date.now() < deadline) {
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    this.#running.push(child)
    // What goes on keeps no test from ending.
    for (const one of [child, child.stdout, child.stderr]) (one as ChildProcess).unref()

    if (isAsExpected()) return
    if (pattern !== undefined) return `expected\n${this.here(expected ?? '')}\nbut got\n${output}`
    if (!isOver) return `does not end:\n${output}`
    if (child.exitCode !== 0) return `ends with ${child.exitCode}:\n${output}`
    return
  }
}

/** `…` stands for anything; long numbers are ids and ports, which differ each time. */
export function patternOf(expected: string): RegExp {
  const escaped = withoutTrail(expected).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return new RegExp(`^${escaped.replace(/\s*…\s*/g, '[\\s\\S]*').replace(/\d{5,}/g, '\\d+')}$`)
}

function withoutTrail(text: string): string {
  return text.replace(/[ \t]+$/gm, '').trim()
}
