import { MemoryStore } from '../../src/store/memory.ts'
import { describeStore } from './suite.ts'

describe('the store in memory', () => {
  describeStore(async () => new MemoryStore(), undefined)
})
