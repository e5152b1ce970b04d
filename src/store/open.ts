import { MemoryStore } from './memory.ts'
import type { Store } from './store.ts'

/** Opens the store of a realm. */
export function openStore(_options: { readonly type?: string; readonly path?: string }): Store {
  return new MemoryStore()
}
