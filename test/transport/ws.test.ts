import { behavesLikeATransport } from './suite.ts'

describe('transport ws', () => {
  behavesLikeATransport({
    name: 'ws',
    ownsHttp: true,
    async open(router, options) {
      const { port } = await router.listen({ ...options, port: 0, transport: 'ws' })
      return { port, close: async () => {} }
    },
  })
})
