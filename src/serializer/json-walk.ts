import { JSON_WALK } from './json-walk-bytes.ts'
import { MAX_DEPTH } from './serializer.ts'

/** Steps over values of a frame, faster than JavaScript can: 16 characters of a string at a time. */
export interface JsonWalk {
  /** Makes a frame the one that endOf() is about. It is copied: WebAssembly sees only its own memory. */
  take(frame: Uint8Array): void
  /** Where the value that begins at `at` of the frame ends; 0 where it is unsound. */
  endOf(at: number): number
}

/** What scripts/json-walk/walk.ts exports. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  walk(at: number): number
}

/** @types/node does not name it. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { readonly exports: unknown }
}

const PAGE = 1 << 16
/** Before the frame lies the stack: a byte for each level. */
const FRAME = MAX_DEPTH
/** The byte that ends the frame, and those that a step of 16 bytes may see beyond it. */
const MARGIN = 16

/** Null where there is no WebAssembly (`node --jitless`), or not enough address space for it. */
export function jsonWalk(): JsonWalk | null {
  let exports: Exports
  try {
    const module = new WebAssembly.Module(Buffer.from(JSON_WALK, 'base64'))
    exports = new WebAssembly.Instance(module).exports as Exports
  } catch {
    return null
  }
  const { memory, walk } = exports
  let bytes = new Uint8Array(memory.buffer)
  return {
    take(frame) {
      const end = FRAME + frame.length
      const lacking = end + MARGIN - bytes.length
      if (lacking > 0) {
        memory.grow(Math.ceil(lacking / PAGE))
        bytes = new Uint8Array(memory.buffer)
      }
      bytes.set(frame, FRAME)
      bytes[end] = 0
    },
    endOf(at) {
      const end = walk(FRAME + at)
      return end === 0 ? 0 : end - FRAME
    },
  }
}
