/** What a realm allows and promises to those who call and register. Times are milliseconds. */
export interface RpcOptions {
  /** The timeout of calls that ask for none; 0 for none. Default 0. */
  readonly call_timeout?: number
  /** The longest timeout a call may have, and the one it has without another; 0 for none. Default 0. */
  readonly max_call_timeout?: number
  /** The longest time a call may wait for a registration (`_wait`); 0 turns it off. Default 10 s. */
  readonly max_wait?: number
  /** Calls that may wait at once: for each registration, and for all missing ones. Default 100. */
  readonly queue_limit?: number
  /** How long a call waits for a callee that has its `concurrency` of calls. Default 10 s. */
  readonly queue_timeout?: number
  /** Who else has the same authid may take over an exclusive registration. Default `none`. */
  readonly takeover?: 'none' | 'registrations'
  /** Everybody who may register a procedure may force others off it. Default false. */
  readonly force_reregister?: boolean
}

export type RpcLimits = Required<RpcOptions>

export const RPC_DEFAULTS: RpcLimits = {
  call_timeout: 0,
  max_call_timeout: 0,
  max_wait: 10_000,
  queue_limit: 100,
  queue_timeout: 10_000,
  takeover: 'none',
  force_reregister: false,
}
