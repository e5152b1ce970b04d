import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { whyUnread } from './source.ts'

/**
 * The files that an `include` names, relative to the file that it is written in, in the order of their
 * names. A `*` in the last part of the path stands for any characters. What is wrong, as a text,
 * where there are none.
 */
export function includedFiles(pattern: string, from: string): string[] | string {
  const path = join(dirname(from), pattern)
  const folder = dirname(path)
  if (folder.includes('*')) return 'a * is possible in the name of the file only'
  try {
    if (!pattern.includes('*')) {
      statSync(path)
      return [path]
    }
    const name = expression(basename(path))
    const found = readdirSync(folder).filter(file => !file.startsWith('.') && name.test(file))
    if (found.length === 0) return `no file is named ${pattern}`
    return found.sort().map(file => join(folder, file))
  } catch (error) {
    return `${path}: ${whyUnread(error as NodeJS.ErrnoException)}`
  }
}

function expression(name: string): RegExp {
  const parts = name.split('*').map(part => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`)
}
