import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The Chromium of this machine, or that which `CHROMIUM` names; undefined where there is none. */
export function chromiumOfMachine(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const files = folders.flatMap(folder => NAMES.map(name => join(folder, name)))
  return [process.env.CHROMIUM ?? '', ...files].find(isExecutable)
}

/** The same; in CI, as root on Debian or Ubuntu, it is installed where it is missing. */
export function chromium(): string | undefined {
  const found = chromiumOfMachine()
  if (found !== undefined || !process.env.CI || process.getuid?.() !== 0) return found
  const options = { stdio: 'inherit', timeout: 300_000 } as const
  execFileSync('apt-get', ['update', '-q'], options)
  execFileSync('apt-get', ['install', '-qy', '--no-install-recommends', 'chromium'], options)
  return chromiumOfMachine()
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return file !== ''
  } catch {
    return false
  }
}
