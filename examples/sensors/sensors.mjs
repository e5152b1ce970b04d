// Simulated sensors: each has a session of its own and publishes until the time is up.
import autobahn from 'autobahn'

const [url, count, seconds] = process.argv.slice(2)
// In MessagePack the samples are bytes as they are; JSON would make text of them.
const serializers = [new autobahn.serializer.MsgpackSerializer()]

let published = 0
const timers = []
const sessions = []
for (let i = 0; i < Number(count); i++) {
  const connection = new autobahn.Connection({ url, realm: 'realm1', serializers })
  connection.onopen = session => {
    sessions.push(session)
    const topic = `com.example.plant.hall${(i % 4) + 1}.machine${i}`
    const publish = (kind, value) => {
      session.publish(`${topic}.${kind}`, [value])
      published++
    }
    // Not all of them at the same moment.
    const offset = Math.random() * 100
    setTimeout(() => {
      timers.push(setInterval(() => publish('vibration', samples()), 100))
      timers.push(setInterval(() => publish('temperature', 20 + Math.random()), 1000))
    }, offset)
  }
  connection.open()
}

/** A tenth of a second at 10 kHz. */
function samples() {
  return Buffer.from(Float32Array.from({ length: 1000 }, () => Math.random()).buffer)
}

async function end() {
  for (const timer of timers) clearInterval(timer)
  // Who has an answer knows that the router has read all that was sent before.
  await Promise.all(sessions.map(session => session.call('wamp.session.count')))
  console.log(`sensors: ${published} readings were published`)
  process.exit()
}
process.on('SIGINT', () => {}) // Ctrl-C is for all processes; the server passes it on
process.once('SIGTERM', end)
process.once('disconnect', () => process.exit())
if (seconds !== 'Infinity') setTimeout(end, Number(seconds) * 1000)
