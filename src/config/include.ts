import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { whyUnread } from '../base/why-unread.ts'

/**
 * The files that an `include` names, relative to the file that it is written in, in the order of their
 * names. A `*` in the last part of the path stands for any characters. What is wrong, as a text,
 * where there are none.
 */
export function includedFiles(pattern: string, from: string): string[] | string {
  const path = isAbsolute(pattern) ? pattern : join(dirname(from), pattern)
  if (!path.includes('*')) return existsSync(path) ? [path] : 'no such file'
  const folder = dirname(path)
  if (folder.includes('*')) return 'a * is possible in the name of the file only'
  const name = expression(basename(path))
  try {
    const found = readdirSync(folder).filter(file => !file.startsWith('.') && name.test(file))
    if (found.length === 0) return 'no file has such a name'
    return found.sort().map(file => join(folder, file))
  } catch (error) {
    return `the folder: ${whyUnread(error)}`
  }
}

function expression(name: string): RegExp {
  const parts = name.split('*').map(part => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's')
}
