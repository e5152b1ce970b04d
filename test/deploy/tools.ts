import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { virtualPython, whyNoPython } from '../interop/python.ts'

/**
 * Why the files of `deploy/` are not tried here, if so. They are the same under each Node, so that
 * the suites of other Nodes leave them out; CI's own run has them.
 */
export function whyNotHere(): string | undefined {
  return existsSync('.dockerignore')
    ? undefined
    : 'the files are tried by the suite of the sources only'
}

/** Why there are no linters from PyPI, if so. In CI there is no reason: they must be had. */
export function whyNoLinters(): string | undefined {
  return process.env.CI ? undefined : whyNoPython()
}

/** The Python that has the linters; their programs lie beside it. */
export function linters(): Promise<string> {
  return virtualPython(resolve('test/deploy/requirements.txt'))
}

/** What a linter says, on both its outputs, and its exit code. */
export function lint(command: string, ...args: string[]): { code: number | null; said: string } {
  const { error, status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (error) throw error
  return { code: status, said: stdout + stderr }
}

/** Why there is no systemd-analyze, if so; in CI, as root on Debian or Ubuntu, it is installed. */
export function whyNoSystemd(): string | undefined {
  const isThere = () => spawnSync('systemd-analyze', ['--version']).status === 0
  if (!isThere() && process.env.CI && process.getuid?.() === 0) {
    const options = { stdio: 'inherit', timeout: 300_000 } as const
    execFileSync('apt-get', ['update', '-q'], options)
    execFileSync('apt-get', ['install', '-qy', '--no-install-recommends', 'systemd'], options)
  }
  return isThere() ? undefined : 'no systemd-analyze (apt-get install systemd)'
}
