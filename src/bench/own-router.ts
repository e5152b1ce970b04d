// The router that is measured where none is named: a process of its own, which ends with its parent.
import { createRouter } from '../router.ts'

const transport = process.argv[2] as 'uws' | 'ws' | undefined
const router = createRouter({ development: true })
// A client on a busy machine reads late; to cut it off would measure nothing.
const options = { port: 0, sendBuffer: 64 << 20, ...(transport === undefined ? {} : { transport }) }
process.on('disconnect', () => process.exit())
process.send?.(await router.listen(options))
