import type { RequestListener } from 'node:http'
import { type ControlSocket, serveControl } from '../../src/control/serve.ts'
import type { Router } from '../../src/router.ts'
import { errorLog } from './error-log.ts'

/** A control socket of a router within the process of a test. */
export function controlled(
  router: Router,
  path: string,
  api: RequestListener = router.api(),
): Promise<ControlSocket> {
  return serveControl(
    {
      api,
      adminLink: () => router.adminLink,
      status: () => router.status(),
      reload: () => router.reload(),
      drain: ending => router.drain(ending),
      close: ending => router.close(ending),
    },
    path,
    { log: errorLog() },
  )
}
