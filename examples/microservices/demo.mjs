// Starts a gateway and three workers, calls them, kills one in the middle of it, and lets another one go.
//   npm run example:microservices
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const start = (program, ...args) => fork(join(import.meta.dirname, program), args)

const gateway = start('gateway.mjs')
const [port] = await once(gateway, 'message')
const names = ['worker 1', 'worker 2', 'worker 3']
const workers = names.map(name => start('worker.mjs', `ws://127.0.0.1:${port}/ws`, name))
await Promise.all(workers.map(worker => once(worker, 'message')))

const get = path => fetch(`http://127.0.0.1:${port}${path}`)

/** Many calls at once; says which worker answered how many, and in what time. */
async function squares(count) {
  const began = Date.now()
  const calls = Array.from({ length: count }, async (_, i) => (await get(`/square/${i}`)).json())
  const answers = await Promise.all(calls)
  const wrong = answers.filter(({ result }, i) => result !== i * i).length
  const each = names.map(
    name => `${name}: ${answers.filter(({ worker }) => worker === name).length}`,
  )
  console.log(`${count} calls, ${wrong} wrong, ${Date.now() - began} ms; ${each.join(', ')}`)
}

console.log('\nTwelve calls at once. A call takes 400 ms, and a worker two at a time.')
await squares(12)

console.log('\nA report, page by page.')
for await (const text of (await get('/report/3')).body.pipeThrough(new TextDecoderStream())) {
  process.stdout.write(text)
}

console.log('\nSomething that is no number.')
const refused = await get('/square/x')
console.log(refused.status, (await refused.text()).trim())

console.log('\nSix calls, and worker 2 is killed meanwhile.')
await Promise.all([squares(6), sleep(200).then(() => workers[1].kill('SIGKILL'))])

console.log('\nFour calls, and worker 3 is told to go meanwhile: it answers first.')
await Promise.all([squares(4), sleep(200).then(() => workers[2].kill('SIGTERM'))])

console.log('\nTwo calls for the one that is left.')
await squares(2)

console.log('')
workers[0].kill('SIGTERM')
await once(workers[0], 'exit')
gateway.kill('SIGTERM')
