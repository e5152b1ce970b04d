// A router that counts what it holds: node router.mjs FOLDER_OF_THE_BUILD
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const { createRouter } = await import(
  pathToFileURL(join(resolve(process.argv[2]), 'index.js')).href
)
const router = createRouter({ development: true })
// Pings of so many sessions are a load of their own, which is not what is looked for here.
const { port } = await router.listen({ port: 0, transport: 'uws', pingInterval: 3_600_000 })
process.send({ port })

process.on('message', () => {
  global.gc()
  process.send({ sessions: router.status().realms[0]?.sessions ?? 0 })
})
process.on('disconnect', () => process.exit())
