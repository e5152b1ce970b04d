// Holds WebSocket connections and does nothing with them: node idle.mjs uws|ws PORT
import uws from 'uWebSockets.js-20.51'
import { WebSocketServer } from 'ws'

const [kind, port] = process.argv.slice(2)
if (kind === 'ws') {
  const handleProtocols = () => 'wamp.2.json'
  new WebSocketServer({ host: '127.0.0.1', port: Number(port), handleProtocols })
} else {
  const app = uws.App()
  app.ws('/*', {
    idleTimeout: 0,
    sendPingsAutomatically: false,
    upgrade(response, request, context) {
      const [key, protocol] = ['sec-websocket-key', 'sec-websocket-protocol']
      const [accept, offered] = [request.getHeader(key), request.getHeader(protocol)]
      response.upgrade({}, accept, offered, '', context)
    },
  })
  app.listen('127.0.0.1', Number(port), ok => ok || process.exit(1))
}
