// The part of Autobahn|JS that the tests use: the package comes without types.
declare module 'autobahn' {
  export interface Session {
    subscribe(
      topic: string,
      handler: (args: unknown[], kwargs: object, details: object) => void,
      options?: object,
    ): Promise<object>
    unsubscribe(subscription: object): Promise<unknown>
    publish(topic: string, args: unknown[], kwargs?: object, options?: object): Promise<unknown>
    register(
      procedure: string,
      endpoint: (args: unknown[], kwargs: object, details: InvocationDetails) => unknown,
      options?: object,
    ): Promise<object>
    unregister(registration: object): Promise<unknown>
    call(procedure: string, args: unknown[], kwargs: object, options?: object): CallPromise
  }

  export interface InvocationDetails {
    caller?: number
    progress: ((args: unknown[], kwargs?: object) => void) | null
  }

  export interface CallPromise extends Promise<unknown> {
    cancel(options?: { mode: string }): void
  }

  export interface Connection {
    onopen: (session: Session) => void
    onclose: (reason: string, details: { reason: string | null; will_retry: boolean }) => boolean
    open(): void
    close(): void
  }

  export interface TransportFactory {
    create(): object
  }

  export interface Payload {
    args: unknown[]
    kwargs: Record<string, unknown>
  }

  export interface Autobahn {
    Connection: new (options: object) => Connection
    Result: new (args: unknown[], kwargs: object) => Payload
    Error: new (error: string, args: unknown[], kwargs: object) => Payload & { error: string }
    serializer: Record<'JSONSerializer' | 'MsgpackSerializer' | 'CBORSerializer', new () => object>
    transports: {
      get(type: string): new (options: object) => TransportFactory
      register(type: string, factory: new (options: object) => TransportFactory): void
    }
    log: { warn(...words: unknown[]): void }
  }

  const autobahn: Autobahn
  export default autobahn
}

declare module 'autobahn-26' {
  export { default } from 'autobahn'
}

declare module 'xmlhttprequest-ssl' {
  const XMLHttpRequest: unknown
  export default XMLHttpRequest
}
