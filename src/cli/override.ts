import type { Loaded } from '../config/load.ts'
import { ConfigError } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'

/** What the command line says over the file. */
export interface Overrides {
  readonly host?: string
  readonly port?: number
  readonly transport?: 'uws' | 'ws'
  readonly logLevel?: Config['log']['level']
  readonly watch?: boolean
}

/**
 * A configuration as the command line wants it. Throws a ConfigError where there is no telling which
 * transport `--host` or `--port` is for.
 */
export function override(loaded: Loaded, flags: Overrides): Loaded {
  const { host, port, transport, logLevel, watch } = flags
  const { log, reload, transports } = loaded.config
  const isPlaced = host !== undefined || port !== undefined
  if (isPlaced && transports.length > 1) {
    const text = `--host and --port are for one transport, and there are ${transports.length}`
    throw new ConfigError([loaded.problem({ path: ['transports'], text })])
  }
  const config: Config = {
    ...loaded.config,
    log: { ...log, level: logLevel ?? log.level },
    reload: { ...reload, watch: watch ?? reload.watch },
    transports: transports.map(one => ({
      ...one,
      endpoint: isPlaced
        ? { interface: host ?? one.endpoint.interface, port: port ?? one.endpoint.port }
        : one.endpoint,
      options: { ...one.options, backend: transport ?? one.options.backend },
    })),
  }
  return { ...loaded, config }
}
