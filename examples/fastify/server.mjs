// A Fastify application that serves WAMP beside its own routes and its own WebSockets.
//   npm run example:fastify
import { createServer } from 'node:http'
import Fastify from 'fastify'
import { createRouter } from 'wampd'
import { WebSocketServer } from 'ws'

// Everybody may do everything; docs/embedding.md says how to let in only whom you know.
const router = createRouter({ development: true })

// WAMP by long-poll below /lp: the router sees requests first, and hands on what is not for it.
const handle = router.handler({ paths: { '/lp': { longpoll: {} } } })
const app = Fastify({
  serverFactory: next =>
    createServer((request, response) => {
      handle(request, response, () => next(request, response))
    }),
})
// And over WebSocket at /ws.
router.attach(app.server, { path: '/ws' })

// The application takes part in the realm itself, without a socket.
const session = router.session('realm1')
await session.register('com.example.add', ([a, b]) => a + b)

// Its own routes.
app.get('/', async () => 'the application')
app.post('/add', async ({ body }) => session.call('com.example.add', body))

// Its own WebSockets: whoever answers upgrades leaves those of others alone.
const chat = new WebSocketServer({ noServer: true })
chat.on('connection', socket => socket.on('message', text => socket.send(`you said ${text}`)))
app.server.on('upgrade', (request, socket, head) => {
  const [path] = request.url.split('?')
  if (path === '/chat') chat.handleUpgrade(request, socket, head, ws => chat.emit('connection', ws))
  else if (path !== '/ws') socket.destroy()
})

// Before the server is closed: it waits for all its connections.
app.addHook('preClose', async () => {
  await router.close()
  for (const socket of chat.clients) socket.close(1001)
})

console.log(await app.listen({ port: process.env.PORT ?? 3000, host: '127.0.0.1' }))
process.once('SIGINT', () => app.close())
process.once('SIGTERM', () => app.close())
