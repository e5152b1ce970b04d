// A worker: answers calls, beside others of its kind. On SIGTERM it takes no more, and goes when it has answered.
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import autobahn from 'autobahn'

const [url, name] = process.argv.slice(2)
const running = new Set()
const registrations = []

// Who has the fewest calls gets the next one, and nobody more than two at a time: others wait.
const shared = { invoke: '_least_pending', concurrency: 2 }

// What callers are told of is not printed as well.
const connection = new autobahn.Connection({ url, realm: 'realm1', on_user_error() {} })
connection.onopen = async session => {
  const offer = async (procedure, handler) => {
    const noted = (...call) => note(handler(...call))
    registrations.push(await session.register(procedure, noted, shared))
  }
  await offer('com.example.square', square)
  await offer('com.example.report', report)
  process.send?.('ready')
}
connection.open()

async function square([n]) {
  if (!Number.isFinite(n)) throw new autobahn.Error('com.example.no_number', ['that is no number'])
  await sleep(400)
  return { worker: name, result: n * n }
}

/** Gives each page when it is ready: a progressive result. */
async function report([pages], _, { progress }) {
  for (let page = 1; page <= pages; page++) {
    await sleep(100)
    progress?.([{ worker: name, page }])
  }
  return { worker: name, pages }
}

function note(answer) {
  const over = () => running.delete(answer)
  running.add(answer)
  answer.then(over, over)
  return answer
}

process.once('SIGTERM', async () => {
  const { session } = connection
  await Promise.all(registrations.map(registration => session.unregister(registration)))
  await Promise.allSettled(running)
  await setImmediate() // now the library has sent the answers
  await session.call('wamp.session.count') // and now the router has read them
  console.log(`${name}: all is answered`)
  process.exit()
})
process.on('SIGINT', () => {}) // Ctrl-C is for all processes; the demo ends the workers
process.on('disconnect', () => process.exit())
