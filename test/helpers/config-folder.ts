import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of its own with the files of a configuration. */
export class ConfigFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), 'wampd-'))

  /** Writes a file, as JSON where it is no text; gives its path. */
  write(name: string, content: unknown): string {
    const path = join(this.path, name)
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }

  /** Puts a new file in the place of another, as many editors do. */
  replace(name: string, content: unknown): void {
    this.write(`${name}.new`, content)
    this.rename(`${name}.new`, name)
  }

  rename(from: string, to: string): void {
    renameSync(join(this.path, from), join(this.path, to))
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
