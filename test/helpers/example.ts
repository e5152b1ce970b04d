import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { withoutTakeover } from '../cli/wampd.ts'
import { within } from './raw-client.ts'

/** A program of `examples/` that runs. */
export interface Example {
  readonly process: ChildProcess
  /** What it has printed so far. */
  readonly lines: string[]
  /** Waits for a line, and gives the match. */
  line(pattern: RegExp, patience?: number): Promise<RegExpExecArray>
  /** The exit code and the signal, once it has ended. */
  readonly ended: Promise<unknown[]>
  /** Ends it, if it still runs; it must not have complained. */
  stop(): Promise<void>
}

/** Starts `examples/FILE`, by default on a free port. */
export function startExample(file: string, args: string[] = [], port = 0): Example {
  const env = { ...process.env, PORT: String(port) }
  const child = spawn(process.execPath, [`examples/${file}`, ...args], { env })
  const ended = once(child, 'close')
  const lines: string[] = []
  const waiting = new Set<() => void>()
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    errors += text
  })
  createInterface(child.stdout).on('line', line => {
    lines.push(line)
    for (const look of waiting) look()
  })
  return {
    ...{ process: child, lines, ended },
    async line(pattern, patience = 10_000) {
      let look = () => {}
      const found = new Promise<RegExpExecArray>((resolve, reject) => {
        look = () => {
          const match = lines.map(line => pattern.exec(line)).find(match => match !== null)
          if (match) resolve(match)
        }
        void ended.then(() => reject(new Error(`it ended: ${lines.join('\n')}\n${errors}`)))
      })
      waiting.add(look)
      look()
      try {
        return await within(patience, `a line like ${pattern}`, found)
      } finally {
        waiting.delete(look)
      }
    },
    async stop() {
      child.kill('SIGKILL')
      await ended
      expect(withoutTakeover(errors)).equal('')
    },
  }
}
