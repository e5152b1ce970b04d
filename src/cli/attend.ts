import type { Log } from '../base/log.ts'
import { ControlError } from '../control/control-error.ts'
import type { Controlled } from '../control/verbs.ts'
import { loggedReload } from '../reload-log.ts'
import type { Router, Status } from '../router.ts'
import { version } from '../version.ts'

/** A router that has this process to itself. */
export interface Attended {
  readonly router: Router
  readonly log: Log
  /** Its configuration can be read again. */
  readonly reloads: boolean
  /** Time for calls to finish on a signal: ms. By default what the configuration says. */
  readonly grace?: number
  /** The path of the control socket, if there is to be one. */
  readonly control?: string | undefined
}

/** What `wampd status` is told. */
export interface ProcessStatus extends Status {
  readonly version: string
  readonly pid: number
}

/**
 * Serves signals and the control socket until one of them ends the router, and the process with it.
 * Gives what keeps the socket from being opened.
 */
export async function attend(attended: Attended): Promise<{ refused?: string }> {
  const { router, log, reloads, grace, control } = attended
  let closeControl = () => Promise.resolve()
  let isEnding = false

  const end = (ending: Promise<void>) => {
    if (!isEnding) void exit(ending, log, () => closeControl())
    isEnding = true
    return ending
  }
  const drain = (final: boolean) =>
    end(router.drain({ final, ...(grace === undefined ? {} : { grace }) }))
  const controlled: Controlled = {
    api: router.api(),
    adminLink: () => router.adminLink,
    status: (): ProcessStatus => ({ version, pid: process.pid, ...router.status() }),
    reload() {
      if (reloads) return loggedReload(() => router.reload(), log)
      throw new ControlError('there is no configuration to reload: it was not started with one')
    },
    drain: ({ final }) => drain(final),
    close: ending => end(router.close(ending)),
  }

  const onSignal = (signal: string, code: number) => () => {
    if (isEnding) process.exit(code)
    log.info({}, `${signal}: going down; once more ends at once`)
    void drain(false)
  }
  process.on('SIGINT', onSignal('SIGINT', 130))
  process.on('SIGTERM', onSignal('SIGTERM', 143))
  // Without a file it means that the terminal is gone.
  process.on('SIGHUP', reloads ? () => reloadOnSignal(controlled) : onSignal('SIGHUP', 129))

  if (control === undefined) return {}
  try {
    const { serveControl } = await import('../control/serve.ts')
    const socket = await serveControl(controlled, control, { log })
    closeControl = () => socket.close()
    return {}
  } catch (error) {
    if (error instanceof ControlError) return { refused: error.message }
    throw error
  }
}

async function exit(ending: Promise<void>, log: Log, last: () => Promise<void>): Promise<never> {
  let code = 0
  try {
    await ending
  } catch (error) {
    log.error({ err: error }, 'going down failed')
    code = 1
  }
  // Whoever asked for it hears the end.
  await last()
  process.exit(code)
}

function reloadOnSignal({ reload }: Controlled): void {
  try {
    reload()
  } catch {
    // It is in the log.
  }
}
