// A chat for the browser: a router, its page, and who is in which room.
//   npm run example:chat
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createRouter } from 'wampd'

const ROOM = 'com.example.chat.room.' // + room: what is said there
const HERE = 'com.example.chat.here.' // + room: who is there, retained

const library = createRequire(import.meta.url).resolve('autobahn-browser/autobahn.min.js')

const router = createRouter({
  realms: [
    {
      name: 'chat',
      roles: [
        {
          name: 'guest',
          permissions: [
            {
              ...{ uri: ROOM, match: 'prefix', allow: { publish: true, subscribe: true } },
              // Each event names who published it: nobody speaks for another.
              disclose: { publisher: 'always' },
            },
            { uri: HERE, match: 'prefix', allow: { subscribe: true } },
            { uri: 'wamp.subscription.lookup', allow: { call: true } },
            { uri: 'wamp.subscription.get_events', allow: { call: true } },
          ],
          limits: { payload_size: '4KB', message_rate: '10/s', subscriptions_per_session: 10 },
        },
      ],
      // The last that was said, for those who come later.
      event_history: [{ uri: ROOM, match: 'prefix', limit: 2000, max_age: '1d' }],
    },
  ],
  // People are taken at their word; docs/security.md has the ways to have them prove it.
  authenticate: {
    methods: ['anonymous'],
    check: ({ authid = '' }) => (/^\S.{0,29}$/u.test(authid) ? { role: 'guest', authid } : null),
  },
})

// Who subscribes to the topic of a room is in the room: the router's own events tell of it.
const session = router.session('chat')
const names = new Map() // by session
const rooms = new Map() // by subscription
const hear = (topic, handler) => session.subscribe(topic, handler)
await hear('wamp.session.on_join', ([{ session, authid }]) => names.set(session, authid))
await hear('wamp.session.on_leave', ([session]) => names.delete(session))
await hear('wamp.subscription.on_create', ([, { id, uri, match }]) => {
  if (match === 'exact' && uri.startsWith(ROOM)) rooms.set(id, uri.slice(ROOM.length))
})
await hear('wamp.subscription.on_subscribe', ([, id]) => tellWhoIsThere(id))
await hear('wamp.subscription.on_unsubscribe', ([, id]) => tellWhoIsThere(id))
await hear('wamp.subscription.on_delete', async ([, id]) => {
  await tellWhoIsThere(id)
  rooms.delete(id)
})

async function tellWhoIsThere(id) {
  if (!rooms.has(id)) return
  // With the last member the subscription is gone, too.
  const members = await session.call('wamp.subscription.list_subscribers', [id]).catch(() => [])
  const people = new Set(members.map(member => names.get(member)))
  await session.publish(HERE + rooms.get(id), [[...people].sort()], {}, { retain: true })
}

const { port } = await router.listen({
  port: Number(process.env.PORT ?? 3000),
  paths: {
    '/': { static: { directory: join(import.meta.dirname, 'page') } },
    '/autobahn': { static: { directory: dirname(library) } },
    '/ws': { websocket: {} },
  },
})
console.log(`http://127.0.0.1:${port}`)

const close = () => router.close()
process.once('SIGINT', close)
process.once('SIGTERM', close)
