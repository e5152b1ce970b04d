import { servesWebSockets } from './suite.ts'

describe('transport ws', () => {
  servesWebSockets({
    name: 'ws',
    ownsHttp: true,
    async open(router, options) {
      const { port, url } = await router.listen({ ...options, port: 0, transport: 'ws' })
      return { port, url, close: async () => {} }
    },
  })
})

describe('transport ws, on a port that takes RawSocket too', () => {
  servesWebSockets({
    name: 'ws and rawsocket',
    ownsHttp: true,
    async open(router, options) {
      const { port, url } = await router.listen({ ...options, port: 0, rawsocket: true })
      return { port, url, close: async () => {} }
    },
  })
})
