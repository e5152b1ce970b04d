import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { StoreError } from './store.ts'

/**
 * Claims a file for this process, by another beside it that names the process: two routers would write
 * over each other. Gives a function that gives it up. What a process left that is no more counts for
 * nothing. Throws StoreError.
 */
export function claim(path: string): () => void {
  const sign = `${path}.pid`
  try {
    mkdirSync(dirname(path), { recursive: true })
    if (!create(sign)) {
      const owner = Number(readFileSync(sign, 'utf8'))
      // In a container the process before may have had our number.
      if (owner !== process.pid && isAlive(owner)) {
        throw new StoreError(path, `process ${owner} has it; if that is no router, remove ${sign}`)
      }
      rmSync(sign, { force: true })
      if (!create(sign)) throw new StoreError(path, 'another process has just taken it')
    }
  } catch (error) {
    if (error instanceof StoreError) throw error
    throw new StoreError(path, (error as Error).message)
  }
  return () => rmSync(sign, { force: true })
}

/** False where it is there already. */
function create(sign: string): boolean {
  try {
    writeFileSync(sign, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
