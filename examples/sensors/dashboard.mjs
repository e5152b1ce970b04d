// A dashboard: subscribes to some topics, and prints each second how many readings came.
import autobahn from 'autobahn'

const [url, name, topics, match, patience] = process.argv.slice(2)
const serializers = [new autobahn.serializer.MsgpackSerializer()]
const connection = new autobahn.Connection({ url, realm: 'realm1', serializers })

let [readings, missed, gaps] = [0, 0, 0]
let last = 0

connection.onopen = async session => {
  await session.subscribe('wampd.session.on_gap', ([{ count }]) => {
    missed += count
    gaps++
  })
  await session.subscribe(topics, draw, { match })
  process.send('ready')
}
connection.open()

function draw() {
  readings++
  // Stands for work that keeps the process from reading on.
  if (patience > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(patience))
}

const label = `${name}:`.padEnd(14)
const words = () => `${readings} came, ${missed} missed (gaps told: ${gaps})`
const report = setInterval(() => {
  console.log(`${label}${String(readings - last).padStart(6)}/s; ${words()}`)
  last = readings
}, 1000)

// When the sensors have ended: once nothing more comes.
process.on('message', () => {
  clearInterval(report)
  let before = -1
  setInterval(() => {
    if (readings + missed > before) before = readings + missed
    else end()
  }, 1000)
})
function end() {
  console.log(`${label}${words()}`)
  process.exit()
}
process.on('SIGINT', () => {}) // Ctrl-C is for all processes; the server says when to finish
process.on('disconnect', () => process.exit())
