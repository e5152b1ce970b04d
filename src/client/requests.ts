import type { Message } from '../protocol/messages.ts'

/** What waits for the answer of a request. */
export interface Pending {
  resolve(message: Message): void
  reject(error: Error): void
}

/** How the parts of an in-process session speak to the router. */
export interface Requests {
  /** Sends a request; resolves with its answer, after `first` has seen it in the answer's turn. */
  request(make: (request: number) => Message, first?: (answer: Message) => void): Promise<Message>
  /** Sends a message that is not answered, or whose answer is taken care of. */
  post(message: Message): void
}
