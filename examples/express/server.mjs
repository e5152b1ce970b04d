// An Express application that serves WAMP beside its own routes and its own WebSockets.
//   npm run example:express
import { once } from 'node:events'
import { createServer } from 'node:http'
import express from 'express'
import { createRouter } from 'wampd'
import { WebSocketServer } from 'ws'

const app = express()
const server = createServer(app)
// Everybody may do everything; docs/embedding.md says how to let in only whom you know.
const router = createRouter({ development: true })

// WAMP: over WebSocket at /ws, by long-poll below /lp. The latter comes before whatever reads bodies.
router.attach(server, { path: '/ws' })
app.use(router.handler({ paths: { '/lp': { longpoll: {} } } }))

// The application takes part in the realm itself, without a socket.
const session = router.session('realm1')
await session.register('com.example.add', ([a, b]) => a + b)

// Its own routes.
app.use(express.json())
app.get('/', (_, response) => response.send('the application'))
app.post('/add', async ({ body }, response) => {
  response.json(await session.call('com.example.add', body))
})

// Its own WebSockets: whoever answers upgrades leaves those of others alone.
const chat = new WebSocketServer({ noServer: true })
chat.on('connection', socket => socket.on('message', text => socket.send(`you said ${text}`)))
server.on('upgrade', (request, socket, head) => {
  const [path] = request.url.split('?')
  if (path === '/chat') chat.handleUpgrade(request, socket, head, ws => chat.emit('connection', ws))
  else if (path !== '/ws') socket.destroy()
})

server.listen(process.env.PORT ?? 3000, '127.0.0.1')
await once(server, 'listening')
console.log(`http://127.0.0.1:${server.address().port}`)

async function close() {
  await router.close()
  for (const socket of chat.clients) socket.close(1001)
  server.close()
}
process.once('SIGINT', close)
process.once('SIGTERM', close)
