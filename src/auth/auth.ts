import type { Dict } from '../protocol/payload.ts'

/** What a client says of itself in HELLO. */
export interface Hello {
  readonly realm: string
  readonly details: Dict
  /** The id that the session will have. */
  readonly session: number
  readonly remote: string
}

/** Who a session is, once that is settled. */
export interface Identity {
  readonly authid: string
  readonly authrole: string
  /** Where the identity comes from: `static`, `dynamic`, … */
  readonly authprovider: string
  readonly authextra?: Dict
}

/** The course of an authentication: settled, refused with a URI, or a challenge to be answered. */
export type Step =
  | { readonly identity: Identity }
  | { readonly refused: string; readonly text: string }
  | {
      readonly challenge: Dict
      answer(signature: string, extra: Dict): Step | Promise<Step>
    }

/** A method of authentication. A new one is a file and a line where the router lists them. */
export interface AuthMethod {
  readonly name: string
  begin(hello: Hello): Step | Promise<Step>
}

/**
 * The method to use: the first of the client's list that is on offer. A client that lists none
 * means anonymous; one that does is never let in by another.
 */
export function chooseMethod(
  details: Dict,
  offered: readonly AuthMethod[],
): AuthMethod | undefined {
  const listed: unknown[] = Array.isArray(details.authmethods) ? details.authmethods : []
  const wanted = listed.length === 0 ? ['anonymous'] : listed
  for (const name of wanted) {
    const method = offered.find(candidate => candidate.name === name)
    if (method !== undefined) return method
  }
  return undefined
}
