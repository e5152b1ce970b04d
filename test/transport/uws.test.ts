import { TRANSPORTS } from '../helpers/transports.ts'
import { servesWebSockets } from './suite.ts'

describe('transport uws', () => {
  if (!TRANSPORTS.includes('uws')) return
  servesWebSockets({
    name: 'uws',
    ownsHttp: true,
    async open(router, options) {
      const { port, url } = await router.listen({ ...options, port: 0, transport: 'uws' })
      return { port, url, close: async () => {} }
    },
  })
})
