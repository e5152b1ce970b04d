// Sessions of one router that are joined and subscribed, and then idle: node client.mjs PORT COUNT
import { RawSession } from '../bench/raw-session.mjs'

const [port, count] = process.argv.slice(2).map(Number)
/** Sessions that are opened at the same time. */
const AT_ONCE = 32
const TOPIC = 'com.example.topic'

const sessions = new Set()
let begun = 0
await Promise.all(Array.from({ length: AT_ONCE }, open))
process.send({ held: sessions.size })

async function open() {
  while (begun < count) {
    begun++
    // The kernel looks long for a free port where most are taken: of one address to one router, and
    // of the addresses that sockets are bound to. So half goes each way.
    const session = new RawSession(port, begun % 2 === 0 ? null : undefined)
    try {
      await session.join()
      await session.ask(`[32,1,{},"${TOPIC}"]`, '[33,')
    } catch (error) {
      process.send({ failed: error.message })
      return
    }
    sessions.add(session)
    void session.closed.then(() => sessions.delete(session))
  }
}

/** One event to all; tells how many have it when all do, or after a minute. */
process.on('message', async () => {
  let received = 0
  const events = [...sessions].map(async session => {
    await session.expect('[36,')
    received++
  })
  const publisher = new RawSession(port, null)
  await publisher.join()
  const begin = performance.now()
  await publisher.ask(`[16,1,{"acknowledge":true},"${TOPIC}",["to all"]]`, '[17,')
  await Promise.race([
    Promise.allSettled(events),
    new Promise(resolve => setTimeout(resolve, 60_000)),
  ])
  const ms = performance.now() - begin
  await publisher.drop()
  process.send({ received, held: sessions.size, ms })
})
process.on('disconnect', () => process.exit())
