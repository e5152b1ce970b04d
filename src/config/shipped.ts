import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The path of a file that ships with the package, such as `realms/realm1.yaml`. */
export function shipped(path: string): string {
  // Walks up, as `dist` and the tests' `build/src` lie at different depths.
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) {
    folder = dirname(folder)
  }
  return join(folder, path)
}
