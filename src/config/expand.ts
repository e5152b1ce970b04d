import { dirname, resolve } from 'node:path'
import { type Fault, type Path, printable } from './problem.ts'
import { readTextFile } from './text-file.ts'

/** Largest file that `${file:…}` reads, in bytes. */
const MAX_SIZE = 65536

const FORMS = ['VAR', 'VAR:-default', 'file:/path'].map(form => `\${${form}}`).join(', ')

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
    return text.replace(/\$(\$?)\{([^}]*)(\}?)/g, (whole, dollar, inside, end) => {
      if (dollar !== '') return whole.slice(1)
      const isFile = inside.startsWith('file:') && end !== ''
      const outcome = isFile ? contentOf(inside.slice(5)) : variable(inside + end)
      if (typeof outcome === 'string') return outcome
      faults.push({ path, text: outcome.wrong })
      return ''
    })
  }

  function variable(inside: string): string | { wrong: string } {
    const found = /^([A-Za-z_]\w*)(?::-([\s\S]*))?\}$/.exec(inside)
    if (found === null) {
      // What stands there may be a secret.
      return { wrong: `expected ${FORMS}, or $\${ for a plain \${` }
    }
    const [, variable, fallback] = found as unknown as [string, string, string | undefined]
    // As in the shell, an empty variable takes the default.
    const value = Object.hasOwn(env, variable) ? env[variable] : undefined
    if (value !== undefined && (value !== '' || fallback === undefined)) return value
    return fallback ?? { wrong: `the environment variable ${variable} is not set` }
  }

  function contentOf(name: string): string | { wrong: string } {
    const path = resolve(dirname(file), name)
    try {
      return readTextFile(path, MAX_SIZE).replace(/\r?\n$/, '')
    } catch (error) {
      return { wrong: `${printable(path, 300)}: ${(error as Error).message}` }
    }
  }
}
