import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Fault, Path } from './problem.ts'
import { whyUnread } from './source.ts'

/** Largest file that `${file:…}` reads, in bytes. */
const MAX_SIZE = 65536

export interface Expanded {
  /** A copy of the data with all texts expanded. */
  readonly data: unknown
  readonly faults: Fault[]
}

/**
 * Replaces `${VAR}`, `${VAR:-default}` and `${file:/path}` in every text value. It happens after
 * parsing, so what is put in can never become a key or a list. `$${` stands for `${`.
 */
export function expand(data: unknown, file: string, env: NodeJS.ProcessEnv): Expanded {
  const faults: Fault[] = []
  return { data: walk(data, []), faults }

  function walk(value: unknown, path: Path): unknown {
    if (typeof value === 'string') return expandText(value, path)
    if (Array.isArray(value)) return value.map((item, i) => walk(item, [...path, i]))
    if (typeof value !== 'object' || value === null) return value
    const pairs = Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])])
    return Object.fromEntries(pairs)
  }

  function expandText(text: string, path: Path): string {
    return text.replace(/\$(\$?)\{([^}]*)\}/g, (whole, dollar: string, inside: string) => {
      if (dollar !== '') return whole.slice(1)
      const outcome = inside.startsWith('file:') ? contentOf(inside.slice(5)) : variable(inside)
      if (typeof outcome === 'string') return outcome
      faults.push({ path, text: outcome.wrong })
      return ''
    })
  }

  function variable(inside: string): string | { wrong: string } {
    const found = /^([A-Za-z_]\w*)(?::-([\s\S]*))?$/.exec(inside)
    if (found === null) {
      return { wrong: `\${${inside}} is none of \${VAR}, \${VAR:-default}, \${file:/path}` }
    }
    const [, variable, fallback] = found as unknown as [string, string, string | undefined]
    // As in the shell, an empty variable takes the default.
    const value = env[variable]
    if (value !== undefined && (value !== '' || fallback === undefined)) return value
    return fallback ?? { wrong: `the environment variable ${variable} is not set` }
  }

  function contentOf(name: string): string | { wrong: string } {
    const path = resolve(dirname(file), name)
    try {
      const status = statSync(path)
      if (!status.isFile()) return { wrong: `${path} is not a file` }
      if (status.size > MAX_SIZE) return { wrong: `${path} is larger than ${MAX_SIZE} bytes` }
      return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
    } catch (error) {
      return { wrong: `${path}: ${whyUnread(error as NodeJS.ErrnoException)}` }
    }
  }
}
