// Serves wampd for the benchmark: node serve.mjs FOLDER_OF_THE_BUILD PORT uws|ws [JSON]
// The JSON is options of createRouter, and `sendBuffer`.
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [dist, port, transport, json = '{}'] = process.argv.slice(2)
// A generator on a busy machine reads late; to cut it off would measure nothing.
const { sendBuffer = 64 << 20, ...options } = JSON.parse(json)
const { createRouter } = await import(pathToFileURL(join(resolve(dist), 'index.js')).href)
const router = createRouter({ development: true, ...options })
await router.listen({ port: Number(port), transport, sendBuffer })

// How the benchmark learns the CPU time where there is no /proc: seconds, user and system.
process.on('message', message => {
  if (message !== 'cpu') return
  const { user, system } = process.cpuUsage()
  process.send?.((user + system) / 1e6)
})
process.on('disconnect', () => process.exit())
