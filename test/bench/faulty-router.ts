import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

/** What a router for the tests of a load does to a message, in place of passing it on. */
export type Fault = (message: unknown[], to: WebSocket, send: (message: unknown) => void) => void

/** A router in JSON for one topic and one procedure, with faults. */
export async function faultyRouter(faults: {
  hello?: (socket: WebSocket) => void
  event?: Fault
  result?: Fault
}): Promise<{ url: string; close(): void }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise(resolve => server.once('listening', resolve))
  const subscribers: WebSocket[] = []
  let callee: WebSocket
  let caller: WebSocket
  server.on('connection', socket => {
    const answer = (message: unknown) => socket.send(JSON.stringify(message))
    socket.on('message', data => {
      const message = JSON.parse(String(data)) as [number, number, object, unknown, unknown]
      const [type, request, , uri, args] = message
      if (type === 1 && faults.hello !== undefined) faults.hello(socket)
      else if (type === 1) answer([2, 1, { roles: {} }])
      else if (type === 32) {
        subscribers.push(socket)
        answer([33, request, 1])
      } else if (type === 64) {
        callee = socket
        answer([65, request, 1])
      } else if (type === 16) {
        for (const to of subscribers) pass([36, 1, 1, {}, args], to, faults.event)
      } else if (type === 48) {
        caller = socket
        pass([68, request, 1, {}, args], callee)
      } else if (type === 70) pass([50, request, {}, uri], caller, faults.result)
    })
  })
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = () => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  }
  return { url, close }
}

function pass(message: unknown[], to: WebSocket, fault?: Fault): void {
  const send = (some: unknown) => to.send(JSON.stringify(some))
  if (fault === undefined) send(message)
  else fault(message, to, send)
}
