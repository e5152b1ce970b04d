const ROUTER = `import { createRouter } from 'wampd'
const router = createRouter({ development: true })`

const STOMP = `import { createRouter } from 'wampd'
import { WebSocket } from 'ws'
globalThis.WebSocket = WebSocket      // as in browsers, and in Node from version 22 on
const permissions = [{ uri: 'com.example.', match: 'prefix', allow: { publish: true, subscribe: true } }]
await createRouter({
  realms: [{ name: 'realm1', roles: [{ name: 'user', permissions }] }],
  authenticators: { users: { ticket: { principals: { joe: { ticket: '…', role: 'user' } } } } },
  transports: [
    {
      type: 'web',
      endpoint: { port: 8080 },
      auth: ['users'],
      paths: { '/stomp': { stomp: { realm: 'realm1' } } },
    },
  ],
}).start()`

const AUTHENTICATE = `import { createRouter } from 'wampd'
const permissions = [{ uri: 'com.example.', match: 'prefix', allow: { call: true } }]
const realms = [{ name: 'realm1', roles: [{ name: 'app', permissions }] }]
const isRight = async () => true`

/**
 * What stands around a fragment of JavaScript, so that it is a module: `with=NAME` in its info string.
 * Those that leave nothing open end by themselves.
 */
export const PRELUDES: Record<string, readonly [before: string, after: string]> = {
  router: [ROUTER, 'process.exit()'],
  session: [`${ROUTER}\nconst session = router.session('realm1')`, ''],
  local: [`${ROUTER}\nimport { Wampy } from 'wampy'`, 'process.exit()'],
  express: [
    `${ROUTER}\nimport { createServer } from 'node:http'\nimport express from 'express'\nconst app = express()`,
    '',
  ],
  attached: [
    `${ROUTER}\nimport { createServer } from 'node:http'
     const server = createServer()\nrouter.attach(server)
     await new Promise(done => server.listen(3000, done))`,
    '',
  ],
  http: [
    `import { createServer } from 'node:http'\nimport { createRouter } from 'wampd'`,
    'process.exit()',
  ],
  authenticate: [AUTHENTICATE, 'process.exit()'],
  autobahn: [`import autobahn from 'autobahn'`, ''],
  stomp: [STOMP, ''],
}
