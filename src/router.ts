import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { anonymous } from './auth/anonymous.ts'
import type { AuthMethod, Surroundings } from './auth/auth.ts'
import type { TlsFiles } from './base/certificate.ts'
import { systemClock } from './base/clock.ts'
import { randomId } from './base/ids.ts'
import { createLog, type Log } from './base/log.ts'
import { LocalMember } from './client/local-member.ts'
import type { LocalSession } from './client/local-session.ts'
import { callerIn } from './client/router-caller.ts'
import { type Change, changes, withoutRestart } from './config/diff.ts'
import { checkConfig, type Loaded, readConfig } from './config/load.ts'
import type { Config, ConfigInput, TransportConfig } from './config/schema.ts'
import { type DrainOptions, drain } from './drain.ts'
import { type EndpointOptions, Entrance, type House } from './entrance.ts'
import {
  type AuthenticateHook,
  authenticatorsOf,
  listenOptions,
  realmOf,
  realmOnDemand,
  rulesOf,
} from './from-config.ts'
import {
  CLOSE_REALM,
  NO_SUCH_REALM,
  NO_SUCH_ROLE,
  ROLE_REMOVED,
  SYSTEM_SHUTDOWN,
  WampError,
} from './protocol/errors.ts'
import { type Role, unrestricted } from './realm/authorize.ts'
import type { Realm } from './realm/realm.ts'
import type { Link } from './session/link.ts'
import { loadUws } from './transport/load.ts'
import { type Door, type Listen, ListenError, type Listener } from './transport/transport.ts'
import { attachWs, listenWs } from './transport/ws.ts'

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
  /** Where to log; by default to standard error, as `log` says, and only warnings without it. */
  readonly logger?: Log
}

export interface ListenOptions extends EndpointOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default 8080; 0 picks a free one. */
  readonly port?: number
  /** Default `/ws`, and `/` too in development. */
  readonly paths?: readonly string[]
  readonly tls?: TlsFiles
  /** Default `uws`, and `ws` where no binary of uWebSockets.js loads. */
  readonly transport?: 'uws' | 'ws'
}

export interface AttachOptions extends EndpointOptions {
  /** Default `/ws`. */
  readonly path?: string
}

/** A port that the router listens on. */
export interface Listening {
  readonly host: string
  readonly port: number
  readonly url: string
  readonly transport: string
}

export interface CloseOptions {
  /**
   * True: the service ends, clients get GOODBYE `wamp.close.system_shutdown` and stay away. False,
   * the default: it comes back; clients get close code 1012 and reconnect.
   */
  readonly final?: boolean
  /** Time for farewells before connections are cut off: ms, default 2 s. */
  readonly grace?: number
}

export interface SessionOptions {
  /** Default: a random one. */
  readonly authid?: string
  /** A role of the realm, with its permissions. By default everything is allowed. */
  readonly authrole?: string
}

/** What a router is doing. */
export interface Status {
  readonly state: 'running' | 'draining' | 'closed'
  /** It takes new sessions. */
  readonly ready: boolean
  /** When it was made, as ISO 8601 text. */
  readonly started: string
  /** Connections, joined or not. */
  readonly connections: number
  readonly realms: readonly { readonly name: string; readonly sessions: number }[]
  readonly listening: readonly Listening[]
  /** Files of the configuration. */
  readonly files: readonly string[]
}

/** Realms that clients may call into being in development. */
const MAX_REALMS_ON_DEMAND = 1000

/**
 * A router that serves nobody yet: `start` opens the transports of its configuration, `listen` a port,
 * `attach` takes part in a server. Throws a ConfigError that names every problem.
 */
export function createRouter(options: RouterOptions = {}): Router {
  return new Router(loadedOf(options), options)
}

/** A configuration from a file or from keys given in code. */
function loadedOf({ file, development, logger, authenticate, ...keys }: RouterOptions): Loaded {
  if (file === undefined) return checkConfig({ version: 1, ...keys })
  const others = Object.keys(keys)
  if (others.length > 0) throw new TypeError(`give a file or keys, not both: ${others.join(', ')}`)
  return readConfig(file)
}

/** Wires realms, links and listeners, and owns them until it is closed. */
export class Router {
  readonly #realms = new Map<string, Realm>()
  readonly #links = new Set<Link>()
  readonly #locals = new Set<LocalMember>()
  readonly #doors: Door[] = []
  readonly #entrances: Entrance[] = []
  /** The transports of the configuration, by id. */
  readonly #transports = new Map<string, { entrance: Entrance; listener: Listener }>()
  readonly #listening: Listening[] = []
  readonly #started = new Date().toISOString()
  readonly #development: boolean
  readonly #file: string | undefined
  readonly #log: Log
  /** Its level follows the configuration; null for a log of the application's own. */
  readonly #ownLog: ReturnType<typeof createLog> | null
  readonly #house: House
  readonly #surroundings: Surroundings
  readonly #authenticate: AuthenticateHook | undefined
  #loaded: Loaded
  /** The methods of each authenticator, in the order of the configuration. */
  #methods: ReadonlyMap<string, readonly AuthMethod[]>
  #onEmpty: () => void = () => {}
  #state: Status['state'] = 'running'
  #closing: Promise<void> | null = null

  constructor(loaded: Loaded, options: RouterOptions) {
    const { development = false, logger, log, file, authenticate } = options
    this.#loaded = loaded
    this.#development = development
    this.#file = file
    const { level, format } = loaded.config.log
    const isPretty = format === 'auto' ? process.stderr.isTTY : format === 'pretty'
    const isConfigured = file !== undefined || log !== undefined
    this.#ownLog = logger === undefined ? createLog(isConfigured ? level : 'warn', isPretty) : null
    this.#log = logger ?? (this.#ownLog as Log)
    this.#surroundings = {
      clock: systemClock,
      log: this.#log,
      call: callerIn(name => this.#realm(name)),
    }
    for (const realm of loaded.config.realms) {
      this.#realms.set(realm.name, realmOf(realm, this.#surroundings))
    }
    this.#authenticate = authenticate
    this.#methods = this.#authenticators(loaded.config)
    this.#house = {
      clock: systemClock,
      log: this.#log,
      randomId,
      development,
      realm: name => this.#realm(name),
      methods: names => this.#methodsOf(names),
      arrived: link => this.#links.add(link),
      left: link => this.#left(link),
    }
  }

  /** The configuration in force, defaults and all. Secrets are in it. */
  get config(): Config {
    return this.#loaded.config
  }

  /**
   * Opens the transports of the configuration; gives what it listens on. Rejects with a ListenError,
   * and what was opened is closed again, where one of them cannot be.
   */
  async start(): Promise<Listening[]> {
    this.#checkOpen()
    const opened: Listening[] = []
    try {
      for (const transport of this.config.transports) {
        const { entrance, listener, listening } = await this.#open(listenOptions(transport))
        this.#transports.set(transport.id, { entrance, listener })
        opened.push(listening)
      }
    } catch (error) {
      await this.close({ grace: 0 })
      throw error
    }
    return opened
  }

  /** Opens a port. Rejects with a ListenError that says what is wrong. */
  async listen(options: ListenOptions = {}): Promise<Listening> {
    this.#checkOpen()
    return (await this.#open(options)).listening
  }

  /** Serves the WebSocket upgrades of an application's own HTTP server on one path. */
  attach(server: Server, options: AttachOptions = {}): void {
    this.#checkOpen()
    this.#doors.push(attachWs(server, this.#entrance([options.path ?? '/ws'], options)))
  }

  /** An in-process session. Throws WampError where there is no such realm or role. */
  session(realm: string, options: SessionOptions = {}): LocalSession {
    this.#checkOpen()
    const place = this.#realm(realm)
    if (place === undefined) throw new WampError(NO_SUCH_REALM, [`there is no realm ${realm}`])
    const { authrole, authid = randomBytes(12).toString('base64url') } = options
    const role =
      authrole === undefined ? unrestricted('trusted', place.uriCheck) : place.role(authrole)
    if (role === undefined) throw new WampError(NO_SUCH_ROLE, [`there is no role ${authrole}`])
    const session = new LocalMember(place, randomId(), { authid, role }, this.#log)
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
      realms: [...this.#realms.values()].map(({ name, members }) => ({
        name,
        sessions: members.size,
      })),
      listening: this.#listening,
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
    const isNamed = Object.keys(options).length > 0
    const file = isNamed || this.#file === undefined ? {} : { file: this.#file }
    const wanted = loadedOf({ ...options, ...file })
    const found = changes(this.#loaded, wanted)
    const config = withoutRestart(this.config, wanted.config)
    // What stays until a restart must fit the rest.
    const { config: checked } = checkConfig(config)
    this.#take(checked)
    this.#loaded = { ...wanted, config: checked }
    return found
  }

  /**
   * Goes down without losing a call that can finish: no new connections, clients are sent away some
   * at a time and those with running calls when these have ended, then all is closed. Defaults:
   * `shutdown` of the configuration.
   */
  drain(options: Partial<DrainOptions> = {}): Promise<void> {
    const { grace, slice } = this.config.shutdown
    const { final = false } = options
    return this.#goDown(async () => {
      this.#state = 'draining'
      await drain(this.#links, systemClock, { grace, slice, ...options, final })
      return 2000
    })
  }

  /** Says farewell to all, closes all ports, and resolves when nothing is left open. */
  close(options: CloseOptions = {}): Promise<void> {
    const { final = false, grace = 2000 } = options
    return this.#goDown(async () => {
      for (const session of this.#locals) session.close(SYSTEM_SHUTDOWN)
      for (const link of this.#links) {
        if (final) link.goodbye(SYSTEM_SHUTDOWN, 'the router shuts down')
        else link.farewell(1012, 'the router restarts')
      }
      return grace
    })
  }

  /** Goes down once; `sayFarewell` resolves with the time that connections have to close. */
  #goDown(sayFarewell: () => Promise<number>): Promise<void> {
    this.#closing ??= this.#end(sayFarewell)
    return this.#closing
  }

  async #end(sayFarewell: () => Promise<number>): Promise<void> {
    for (const door of this.#doors) door.stop()
    const grace = await sayFarewell()
    await this.#emptied(grace)
    for (const session of this.#locals) session.close(SYSTEM_SHUTDOWN)
    await Promise.all(this.#doors.map(door => door.close()))
    for (const entrance of this.#entrances) entrance.close()
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

  /**
   * Puts a configuration in the place of the one before. All of it happens in this turn, so no message
   * sees a part of it.
   */
  #take(config: Config): void {
    // First what can fail: then nothing has changed.
    this.#renew(config)
    this.#methods = this.#authenticators(config)
    for (const realm of config.realms) {
      const known = this.#realms.get(realm.name)
      if (known === undefined) this.#realms.set(realm.name, realmOf(realm, this.#surroundings))
      else
        this.#orphan(
          known,
          known.changeRoles(rulesOf(realm, this.#surroundings)),
          config.reload.orphans,
        )
    }
    const names = new Set(config.realms.map(({ name }) => name))
    for (const { name } of this.config.realms) if (!names.has(name)) this.#drop(name)
    if (this.#ownLog !== null) this.#ownLog.level = config.log.level
  }

  /** Has the transports offer what the configuration says. Throws a ListenError, and takes it back. */
  #renew(config: Config): void {
    const done: TransportConfig[] = []
    const offer = (transport: TransportConfig) => {
      const options = listenOptions(transport)
      this.#transports.get(transport.id)?.entrance.change(options.paths, options)
      this.#transports.get(transport.id)?.listener.renew()
    }
    try {
      for (const transport of config.transports) {
        done.push(transport)
        offer(transport)
      }
    } catch (error) {
      for (const before of this.config.transports) {
        if (done.some(({ id }) => id === before.id)) offer(before)
      }
      throw error
    }
  }

  /** Ends the sessions of roles that are gone, or leaves them what they were allowed. */
  #orphan(realm: Realm, gone: Role[], orphans: 'close' | 'keep'): void {
    if (orphans === 'keep') return
    for (const member of realm.members.values()) {
      if (!gone.some(({ name }) => name === member.authrole)) continue
      member.kill(ROLE_REMOVED, `the role ${member.authrole} is there no more`)
    }
  }

  /** A realm is gone, and with it the sessions in it. */
  #drop(name: string): void {
    const realm = this.#realms.get(name)
    this.#realms.delete(name)
    for (const member of realm?.members.values() ?? []) {
      member.kill(CLOSE_REALM, 'the realm is there no more')
    }
  }

  async #open(
    options: ListenOptions,
  ): Promise<{ entrance: Entrance; listener: Listener; listening: Listening }> {
    const { host = '127.0.0.1', port = 8080, tls } = options
    const listen = await this.#transport(
      options.transport ?? (tls?.ca === undefined ? undefined : 'ws'),
    )
    const paths = options.paths ?? (this.#development ? ['/ws', '/'] : ['/ws'])
    const entrance = this.#entrance(paths, options)
    const listener = await listen({ host, port, tls }, entrance)
    this.#doors.push(listener)
    if (this.#closing !== null) await listener.close()
    this.#checkOpen()
    const scheme = tls === undefined ? 'ws' : 'wss'
    const url = `${scheme}://${reachable(host)}:${listener.port}${paths[0]}`
    const listening = { host, port: listener.port, url, transport: listener.transport }
    this.#listening.push(listening)
    return { entrance, listener, listening }
  }

  async #transport(wanted: 'uws' | 'ws' | undefined): Promise<Listen> {
    if (wanted === 'ws') return listenWs
    const uws = await loadUws()
    if ('listen' in uws) return uws.listen
    if (wanted === 'uws') {
      throw new ListenError(`uWebSockets.js does not load here: ${uws.missing}`)
    }
    this.#log.warn({ reason: uws.missing }, 'uWebSockets.js does not load here; ws takes over')
    return listenWs
  }

  #entrance(paths: readonly string[], options: EndpointOptions): Entrance {
    for (const name of options.auth ?? []) {
      if (!this.#methods.has(name)) throw new ListenError(`there is no authenticator ${name}`)
    }
    const entrance = new Entrance(this.#house, paths, options)
    this.#entrances.push(entrance)
    return entrance
  }

  #left(link: Link): void {
    this.#links.delete(link)
    if (this.#links.size === 0) this.#onEmpty()
  }

  #authenticators(config: Config): Map<string, AuthMethod[]> {
    return authenticatorsOf(config, this.#surroundings, this.#authenticate)
  }

  #methodsOf(names: readonly string[] | undefined): readonly AuthMethod[] {
    if (names === undefined && this.#methods.size === 0) return NO_PROOF
    return (names ?? [...this.#methods.keys()]).flatMap(name => this.#methods.get(name) ?? [])
  }

  #realm(name: string): Realm | undefined {
    const known = this.#realms.get(name)
    if (known !== undefined || !this.#development) return known
    if (this.#realms.size >= MAX_REALMS_ON_DEMAND) this.#dropEmptyRealms()
    if (this.#realms.size >= MAX_REALMS_ON_DEMAND) return undefined
    const realm = realmOnDemand(name)
    this.#realms.set(name, realm)
    return realm
  }

  #dropEmptyRealms(): void {
    for (const [name, realm] of this.#realms)
      if (realm.members.size === 0) this.#realms.delete(name)
  }
}

/** Without authenticators clients join as role `anonymous`, where the realm has it. */
const NO_PROOF = [anonymous('anonymous')]

/** The host part of a URL that reaches a listening address from this machine. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
