// Somebody whom all that does not concern: calls a procedure of its own every 20 ms, and says at the
// end how long the answers took. A process of its own, so that the attackers do not slow it down.
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from './client.mjs'

const session = await join(Number(process.argv[2]))
await session.ask(64, {}, 'bystander.echo')
const times = []
let failure = null
let goesOn = true
process.on('message', message => {
  if (message === 'mark') times.length = 0
  else goesOn = false
})
process.send('ready')
while (goesOn && failure === null) {
  const from = performance.now()
  try {
    const answer = await Promise.race([
      session.ask(48, {}, 'bystander.echo', [1]),
      sleep(20_000).then(() => ['no answer in 20 s']),
    ])
    if (answer[0] !== 50) failure = `${answer}`
  } catch (error) {
    failure = error.message
  }
  times.push(performance.now() - from)
  await sleep(20)
}
times.sort((a, b) => a - b)
const at = share => times[Math.min(times.length - 1, Math.floor(times.length * share))]
process.send({ calls: times.length, failure, p50: at(0.5), p99: at(0.99), max: times.at(-1) })
process.disconnect()
process.exit()
