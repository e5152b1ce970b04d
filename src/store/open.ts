import { LmdbStore } from './lmdb.ts'
import { MemoryStore } from './memory.ts'
import { type Store, StoreError } from './store.ts'

/** Opens the store of a realm. Throws StoreError. */
export function openStore({ type, path }: { type?: string; path?: string } = {}): Store {
  if (type !== 'lmdb') return new MemoryStore()
  if (path === undefined) throw new StoreError('', 'a store of type lmdb needs a path')
  return new LmdbStore(path)
}
