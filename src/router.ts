import { randomBytes } from 'node:crypto'
import type { RequestListener, Server } from 'node:http'
import { LoopDelay } from './admin/loop-delay.ts'
import type { AdminHouse } from './admin/operation.ts'
import type { Admin, AdminOptions } from './admin/server.ts'
import type { AuthMethod, Surroundings } from './auth/auth.ts'
import { filesOfTls } from './base/certificate.ts'
import { systemClock, type Timer } from './base/clock.ts'
import { Counters } from './base/counters.ts'
import { randomId } from './base/ids.ts'
import { createLog, type Log } from './base/log.ts'
import { LocalMember } from './client/local-member.ts'
import type { LocalSession } from './client/local-session.ts'
import { callerIn } from './client/router-caller.ts'
import { ADMIN_PORT } from './config/admin-keys.ts'
import { type Change, changes, withoutRestart } from './config/diff.ts'
import { checkConfig, type Loaded, readConfig } from './config/load.ts'
import type { Config, ConfigInput } from './config/schema.ts'
import { FileWatch, filesOf } from './config/watch.ts'
import { Backlog } from './delivery/backlog.ts'
import { watchDescriptors } from './descriptors.ts'
import {
  type AttachOptions,
  Doors,
  type HandlerOptions,
  type Listening,
  type ListenOptions,
} from './doors.ts'
import { type DrainOptions, drain } from './drain.ts'
import { type AuthenticateHook, authenticatorsOf } from './from-config.ts'
import { Memory } from './memory.ts'
import { Onlookers } from './onlookers.ts'
import {
  INVALID_ARGUMENT,
  NO_SUCH_REALM,
  NO_SUCH_ROLE,
  SYSTEM_SHUTDOWN,
  WampError,
} from './protocol/errors.ts'
import { unrestricted } from './realm/authorize.ts'
import type { Realm } from './realm/realm.ts'
import { Realms } from './realms.ts'
import { loggedReload, Reloads } from './reload-log.ts'
import type { Link } from './session/link.ts'
import type { EndpointOptions } from './site/entrance.ts'
import type { Status } from './status.ts'
import { Traffic } from './traffic/traffic.ts'
import type { LocalWebSocketClass } from './transport/local.ts'
import { ListenError, type RequestHandler } from './transport/transport.ts'

export type { Status } from './status.ts'

/** A configuration: the keys of a file, and `version` may be left out. */
export type ConfigOptions = Partial<Omit<ConfigInput, 'include'>>

export interface RouterOptions extends ConfigOptions {
  /** A configuration file, instead of keys given here. `reload()` reads it again. */
  readonly file?: string
  /** Realms spring up when a client names them, and everybody may do everything in those. */
  readonly development?: boolean
  /**
   * The application itself says who may come in. It is one authenticator more, `authenticate` by
   * name, for ports that are opened by `listen` and `attach`.
   */
  readonly authenticate?: AuthenticateHook
  /** Has the last word on each configuration that is read, at the start and on reload. */
  readonly override?: (loaded: Loaded) => Loaded
  /** Where to log; by default to standard error, as `log` says, and only warnings without it. */
  readonly logger?: Log
}

/** How a router goes down at once. */
export interface CloseOptions {
  /**
   * True: the service ends, clients get GOODBYE `wamp.close.system_shutdown` and stay away. False,
   * the default: it comes back; clients get close code 1012 and reconnect.
   */
  readonly final?: boolean
  /** Time for farewells before connections are cut off: ms, default 2 s. */
  readonly grace?: number
}

/** Who an in-process session is. */
export interface SessionOptions {
  /** Default: a random one. */
  readonly authid?: string
  /** A role of the realm, with its permissions. By default everything is allowed. */
  readonly authrole?: string
}

/**
 * A router that serves nobody yet: `start` opens the transports of its configuration, `listen` a port,
 * `attach` takes part in a server. Throws a ConfigError that names every problem.
 */
export function createRouter(options: RouterOptions = {}): Router {
  return new Router(loadedOf(options), options)
}

/** A configuration from a file or from keys given in code. */
function loadedOf(options: RouterOptions): Loaded {
  const { file, development, logger, authenticate, override = loaded => loaded, ...keys } = options
  if (file === undefined) return override(checkConfig({ version: 1, ...keys }))
  const others = Object.keys(keys)
  if (others.length > 0) throw new TypeError(`give a file or keys, not both: ${others.join(', ')}`)
  return override(readConfig(file))
}

/** Has realms, clients and ways in, and answers for them until it is closed. */
export class Router {
  readonly #realms: Realms
  readonly #doors: Doors
  readonly #links = new Set<Link>()
  readonly #locals = new Set<LocalMember>()
  readonly #started = new Date().toISOString()
  /** What a reload reads again, and what is done to it then. */
  readonly #source: Pick<RouterOptions, 'file' | 'override'>
  readonly #log: Log
  readonly #counters = new Counters()
  readonly #traffic = new Traffic()
  readonly #onlookers: Onlookers
  readonly #backlog = new Backlog()
  readonly #memory: Memory
  readonly #descriptors: Timer
  readonly #surroundings: Surroundings
  readonly #authenticate: AuthenticateHook | undefined
  /** Its level follows the configuration; null for a log of the application's own. */
  readonly #ownLog: ReturnType<typeof createLog> | null
  #loaded: Loaded
  /** The methods of each authenticator, in the order of the configuration. */
  #authenticators: ReadonlyMap<string, readonly AuthMethod[]> = new Map()
  #watch: FileWatch | null = null
  readonly #reloads = new Reloads(systemClock)
  #loopDelay: LoopDelay | null = null
  #admin: Admin | null = null
  #onEmpty: () => void = () => {}
  #state: Status['state'] = 'running'
  #isStarted = false
  #closing: Promise<void> | null = null

  constructor(loaded: Loaded, options: RouterOptions) {
    const { development = false, logger, log, file, override, authenticate } = options
    this.#loaded = loaded
    this.#source = {
      ...(file === undefined ? {} : { file }),
      ...(override === undefined ? {} : { override }),
    }
    const { level, format } = loaded.config.log
    const isPretty = format === 'auto' ? process.stderr.isTTY : format === 'pretty'
    const isConfigured = file !== undefined || log !== undefined
    this.#ownLog = logger === undefined ? createLog(isConfigured ? level : 'warn', isPretty) : null
    this.#log = logger ?? (this.#ownLog as Log)
    this.#surroundings = {
      clock: systemClock,
      log: this.#log,
      counters: this.#counters,
      call: callerIn(name => this.#realms.get(name), systemClock),
    }
    this.#authenticate = authenticate
    const backlog = this.#backlog
    const measures = { backlog, traffic: this.#traffic }
    this.#realms = new Realms(development, this.#surroundings, measures)
    this.#onlookers = new Onlookers(this.#surroundings, this.#traffic, this.#realms, loaded.config)
    const { limit } = loaded.config.memory
    this.#memory = new Memory({ ...this.#surroundings, backlog, readers: this.#links }, limit)
    this.#doors = new Doors({
      ...this.#surroundings,
      ...measures,
      randomId,
      development,
      isOpen: () => this.#closing === null,
      hasRoom: () => this.#memory.hasRoom,
      realm: name => this.#realms.get(name),
      authenticators: () => this.#authenticators,
      arrived: link => this.#links.add(link),
      left: link => this.#left(link),
    })
    this.#descriptors = watchDescriptors(this.#surroundings, this.#doors)
    const authenticators = this.#authenticatorsOf(loaded.config)
    this.#take(loaded.config, authenticators, this.#realms.prepare(loaded.config))
    this.#watchFiles()
  }

  /** The configuration in force, defaults and all. Secrets are in it. */
  get config(): Config {
    return this.#loaded.config
  }

  /** Where it logs to. */
  get log(): Log {
    return this.#log
  }

  /**
   * Opens the transports of the configuration; gives what it listens on. Rejects with a ListenError,
   * and none of them stays open, where one cannot be opened.
   */
  async start(): Promise<Listening[]> {
    this.#checkOpen()
    if (this.#isStarted) throw new ListenError('the router has been started before')
    this.#isStarted = true
    const { config } = this
    try {
      await this.#onlookers.ready
      const { admin } = config
      if (admin !== undefined) {
        await this.serveAdmin({
          ...admin.endpoint,
          host: admin.endpoint.interface,
          token: admin.token,
          openMetrics: admin.open_metrics,
        })
      }
      const opened = await this.#doors.listenAll(config.transports)
      // A reload may have come meanwhile.
      this.#doors.change(config.transports, this.config.transports)
      return opened
    } catch (error) {
      this.#isStarted = false
      await this.#admin?.close()
      this.#admin = null
      throw error
    }
  }

  /**
   * Opens an endpoint for those who run the router: its page, `/api`, `/metrics`, `/healthz` and
   * `/readyz`. Gives where, and a link that lets in. Rejects with a ListenError. `start` does so where
   * the configuration has `admin`.
   */
  async serveAdmin(options: Partial<AdminOptions> = {}): Promise<Pick<Admin, 'url' | 'link'>> {
    this.#checkOpen()
    if (this.#admin !== null) throw new ListenError('there is an admin endpoint already')
    const { serveAdmin } = await import('./admin/server.ts')
    const usual = { host: '127.0.0.1', port: ADMIN_PORT }
    this.#admin = await serveAdmin(await this.#adminHouse(), { ...usual, ...options })
    return this.#admin
  }

  /** The link that lets into the admin page, which is a secret; undefined where there is none. */
  get adminLink(): string | undefined {
    return this.#admin?.link
  }

  /**
   * Answers requests below `/api` as the admin endpoint does, and asks for no token: whoever comes to
   * it may do everything.
   */
  api(): RequestListener {
    // It takes a while to load, and few need it.
    const load = async () => {
      const { apiHandler } = await import('./admin/api.ts')
      return apiHandler(await this.#adminHouse())
    }
    let handler: Promise<RequestListener> | undefined
    return async (request, response) => {
      handler ??= load()
      const answer = await handler
      answer(request, response)
    }
  }

  async #adminHouse(): Promise<AdminHouse> {
    const { version } = await import('./version.ts')
    this.#loopDelay ??= new LoopDelay(systemClock)
    return {
      version,
      clock: systemClock,
      log: this.#log,
      counters: this.#counters,
      traffic: this.#traffic,
      loopDelay: this.#loopDelay,
      reloads: this.#reloads,
      traces: await this.#onlookers.traces(this.config),
      queued: () => this.#backlog.bytes,
      memoryLimit: () => this.config.memory.limit,
      status: () => this.status(),
      realm: name => this.#realms.find(name),
      realms: () => this.#realms.all(),
      session: (realm, options) => this.session(realm, options),
      reload: () => {
        if (this.#source.file !== undefined) return loggedReload(() => this.reload(), this.#log)
        throw new WampError(INVALID_ARGUMENT, ['it was not started with a configuration'])
      },
    }
  }

  /** Opens a port. Rejects with a ListenError that says what is wrong. */
  async listen(options: ListenOptions = {}): Promise<Listening> {
    this.#checkOpen()
    await this.#onlookers.ready
    return this.#doors.listen(options)
  }

  /** Serves the WebSocket upgrades of an application's own HTTP server on one path. */
  attach(server: Server, options: AttachOptions = {}): void {
    this.#checkOpen()
    this.#doors.attach(server, options)
  }

  /**
   * Answers requests of an application's own HTTP server, below the paths given: for long-poll and
   * files. It fits `app.use()` of Express and its kin; nothing before it may read the body.
   */
  handler(options: HandlerOptions): RequestHandler {
    this.#checkOpen()
    return this.#doors.handler(options)
  }

  /**
   * A class like `WebSocket` whose connections lead to this router in memory, whatever their URL says:
   * for client libraries in the same process, without a port. Call it once, not for each connection.
   */
  localWebSocket(options: EndpointOptions = {}): LocalWebSocketClass {
    this.#checkOpen()
    return this.#doors.localWebSocket(options)
  }

  /** An in-process session. Throws WampError where there is no such realm or role. */
  session(realm: string, options: SessionOptions = {}): LocalSession {
    this.#checkOpen()
    const place = this.#realms.get(realm)
    if (place === undefined) throw new WampError(NO_SUCH_REALM, [`there is no realm ${realm}`])
    const { authrole, authid = randomBytes(12).toString('base64url') } = options
    const role =
      authrole === undefined ? unrestricted('trusted', place.uriCheck) : place.role(authrole)
    if (role === undefined) throw new WampError(NO_SUCH_ROLE, [`there is no role ${authrole}`])
    const who = { authid, role }
    const session = new LocalMember(place, randomId(), who, this.#log, this.#traffic)
    this.#locals.add(session)
    void session.closed.then(() => this.#locals.delete(session))
    return session
  }

  /** What the router is doing. */
  status(): Status {
    return {
      state: this.#state,
      ready: this.#closing === null,
      started: this.#started,
      connections: this.#links.size,
      realms: this.#realms.loads(),
      counters: this.#counters.all(),
      listening: this.#doors.listening,
      admin: this.#admin?.url ?? null,
      files: this.#loaded.files,
    }
  }

  /**
   * Takes up a changed configuration without cutting sessions: the file's as it is now, or keys
   * given here. Gives all changes; those with `reload: 'restart'` wait for the next start. Throws a
   * ConfigError or ListenError, and changes nothing, where it cannot be used.
   */
  reload(options: ConfigOptions = {}): Change[] {
    this.#checkOpen()
    return this.#reloads.count(() => this.#reload(options))
  }

  #reload(options: ConfigOptions): Change[] {
    const { file, ...override } = this.#source
    const isNamed = Object.keys(options).length > 0
    if (!isNamed && file === undefined) {
      throw new TypeError('there is no file to read again: give the keys')
    }
    const wanted = loadedOf(isNamed ? { ...options, ...override } : this.#source)
    const found = changes(this.#loaded, wanted)
    const next = withoutRestart(this.#loaded, wanted)
    // First what can fail: then nothing has changed.
    const authenticators = this.#authenticatorsOf(next.config)
    const fresh = this.#realms.prepare(next.config)
    try {
      this.#doors.change(this.config.transports, next.config.transports)
    } catch (error) {
      this.#realms.discard(fresh)
      throw error
    }
    this.#take(next.config, authenticators, fresh)
    this.#loaded = next
    if (this.#ownLog !== null && (!isNamed || options.log !== undefined)) {
      this.#ownLog.level = next.config.log.level
    }
    this.#watchFiles()
    return found
  }

  /**
   * Goes down without losing a call that can finish: no new connections, clients are sent away some
   * at a time and those with running calls when these have ended, then all is closed. Defaults:
   * `shutdown` of the configuration. `close` cuts it short.
   */
  drain(options: Partial<DrainOptions> = {}): Promise<void> {
    const { grace, slice } = this.config.shutdown
    this.#closing ??= this.#end(2000, () => {
      this.#state = 'draining'
      const wanted = { grace, slice, final: false, ...options }
      return drain(this.#links, this.#locals, systemClock, wanted)
    })
    return this.#closing
  }

  /** Says farewell to all, closes all ports, and resolves when nothing is left open. */
  close(options: CloseOptions = {}): Promise<void> {
    const { final = false, grace = 2000 } = options
    const sayFarewell = async () => {
      for (const session of this.#locals) session.close(SYSTEM_SHUTDOWN)
      for (const link of this.#links) link.depart(final)
    }
    // A drain ends by itself when the clients are gone.
    if (this.#state === 'draining') void sayFarewell()
    this.#closing ??= this.#end(grace, sayFarewell)
    return this.#closing
  }

  /** Watches the files of the configuration, where it says so, or no more. */
  #watchFiles(): void {
    const { file } = this.#source
    if (file === undefined || !this.config.reload.watch) {
      this.#watch?.stop()
      this.#watch = null
    } else {
      const files = () => [
        ...filesOf(file, this.config.include),
        ...this.config.transports.flatMap(({ tls }) => (tls === undefined ? [] : filesOfTls(tls))),
      ]
      this.#watch ??= new FileWatch(files, () => this.#reloadByItself(), systemClock, this.#log)
    }
  }

  #reloadByItself(): void {
    try {
      loggedReload(() => this.reload(), this.#log)
    } catch {
      // It is in the log.
    }
  }

  /** Goes down; `grace` is the time that connections have to close after `farewell`: ms. */
  async #end(grace: number, farewell: () => Promise<void>): Promise<void> {
    this.#doors.stop()
    this.#watch?.stop()
    await farewell()
    await this.#emptied(grace)
    for (const session of this.#locals) session.close(SYSTEM_SHUTDOWN)
    this.#onlookers.endTraces()
    await this.#doors.close()
    await this.#realms.close()
    await this.#onlookers.close()
    await this.#admin?.close()
    this.#memory.stop()
    this.#descriptors.cancel()
    this.#loopDelay?.stop()
    this.#state = 'closed'
  }

  #checkOpen(): void {
    if (this.#closing !== null) throw new WampError(SYSTEM_SHUTDOWN, ['the router is closed'])
  }

  /** Resolves when all links are gone, or after `grace` milliseconds. */
  #emptied(grace: number): Promise<void> {
    if (this.#links.size === 0) return Promise.resolve()
    return new Promise(resolve => {
      const timer = setTimeout(resolve, grace)
      this.#onEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Puts a configuration in force, all of it in this turn: no message sees a part of it. */
  #take(
    config: Config,
    authenticators: ReadonlyMap<string, AuthMethod[]>,
    fresh: ReadonlyMap<string, Realm>,
  ): void {
    this.#authenticators = authenticators
    this.#memory.limit = config.memory.limit
    const { token, open_metrics: openMetrics } = config.admin ?? {}
    this.#admin?.change({ token, openMetrics })
    this.#onlookers.change(config)
    this.#realms.change(config, fresh)
  }

  #authenticatorsOf(config: Config): Map<string, AuthMethod[]> {
    return authenticatorsOf(config, this.#surroundings, this.#authenticate)
  }

  #left(link: Link): void {
    this.#links.delete(link)
    if (this.#links.size === 0) this.#onEmpty()
  }
}
