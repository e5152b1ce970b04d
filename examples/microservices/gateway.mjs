// A gateway: HTTP for the world outside, WAMP at /ws for the workers, who may come and go.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRouter } from 'wampd'

const router = createRouter({ development: true })
const session = router.session('realm1')

const server = createServer(async (request, response) => {
  const [, service, value] = request.url.split('/')
  try {
    if (service === 'square') await square(value, response)
    else if (service === 'report') await report(value, response)
    else response.writeHead(404).end('/square/NUMBER or /report/PAGES\n')
  } catch (error) {
    // What a worker says of its arguments, or the router where no worker can take the call.
    const status = error.uri === 'com.example.no_number' ? 400 : 503
    if (response.headersSent) response.destroy()
    else response.writeHead(status).end(`${error.message}\n`)
  }
})
router.attach(server, { path: '/ws' })

async function square(value, response) {
  const answer = await callAgain('com.example.square', [Number(value)])
  response.end(`${JSON.stringify(answer)}\n`)
}

/** Passes each page on as it comes. */
async function report(value, response) {
  const call = session.callProgressively('com.example.report', [Number(value)])
  for await (const page of call) response.write(`${JSON.stringify(page)}\n`)
  response.end(`${JSON.stringify(await call.result)}\n`)
}

/** The calls of a worker that dies end with `wamp.error.canceled`: another can do it, if twice does no harm. */
async function callAgain(procedure, args) {
  for (let left = 3; ; left--) {
    try {
      // Where there is no worker at the moment, it may wait for one.
      return await session.call(procedure, args, {}, { timeout: 5000, _wait: 2000 })
    } catch (error) {
      if (error.uri !== 'wamp.error.canceled' || left === 0) throw error
      console.log(`gateway: the worker of ${procedure}(${args}) is gone; another one gets it`)
    }
  }
}

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
await once(server, 'listening')
const { port } = server.address()
console.log(`gateway: http://127.0.0.1:${port}, for workers ws://127.0.0.1:${port}/ws`)
process.send?.(port)

/** Lets calls that run finish. */
async function close() {
  await router.drain({ grace: 5000 })
  server.close()
  if (process.connected) process.disconnect()
}
process.once('SIGINT', close)
process.once('SIGTERM', close)
process.once('disconnect', close)
