import { Id } from '../parts/uri.tsx'
import { placeOf } from '../state/route.ts'

interface Shown {
  readonly realm: string
  readonly session: number
  readonly authid: string
  readonly authrole: string
}

/** A session in a list of others' details. */
export function Peer({ realm, session, authid, authrole }: Shown) {
  return (
    <a class="peer" href={placeOf('sessions', { realm, id: session })}>
      <span class="strong">{authid}</span> <span class="soft">{authrole}</span> <Id of={session} />
    </a>
  )
}
