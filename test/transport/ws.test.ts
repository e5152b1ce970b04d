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
