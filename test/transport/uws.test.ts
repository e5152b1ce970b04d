import { TRANSPORTS } from '../helpers/transports.ts'
import { behavesLikeATransport } from './suite.ts'

describe('transport uws', () => {
  if (!TRANSPORTS.includes('uws')) return
  behavesLikeATransport({
    name: 'uws',
    ownsHttp: true,
    async open(router, options) {
      const { port } = await router.listen({ ...options, port: 0, transport: 'uws' })
      return { port, close: async () => {} }
    },
  })
})
