// Sensors of a plant, and dashboards that show some of them; one reads too slowly, and knows what it missed.
//   npm run example:sensors -- --sensors 100 --seconds 10
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createRouter } from 'wampd'

const { values } = parseArgs({
  options: {
    sensors: { type: 'string', default: '100' },
    seconds: { type: 'string', default: 'Infinity' },
  },
})

const router = createRouter({ development: true })
const { url } = await router.listen({
  port: Number(process.env.PORT ?? 8080),
  // So much may wait for a reader that is too slow. Then events are left out, and it is told which.
  sendBuffer: { limit: 256 * 1024, policy: 'drop' },
})
console.log(`the router listens on ${url}`)

const start = (program, ...args) => fork(join(import.meta.dirname, program), [url, ...args])
const dashboards = [
  // name, topics, how they are meant, milliseconds that an event takes
  start('dashboard.mjs', 'hall 1', 'com.example.plant.hall1.', 'prefix', '0'),
  start('dashboard.mjs', 'temperatures', 'com.example.plant...temperature', 'wildcard', '0'),
  start('dashboard.mjs', 'all, slowly', 'com.example.plant.', 'prefix', '4'),
]
await Promise.all(dashboards.map(dashboard => once(dashboard, 'message')))
const sensors = start('sensors.mjs', values.sensors, values.seconds)

// The sensors end first: by themselves, or when this process is told to.
process.on('SIGINT', () => sensors.kill())
process.on('SIGTERM', () => sensors.kill())
await once(sensors, 'exit')
for (const dashboard of dashboards) dashboard.send('finish')
await Promise.all(dashboards.map(dashboard => once(dashboard, 'exit')))
await router.close()
