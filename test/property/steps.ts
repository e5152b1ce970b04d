/** What may happen in a step, and how often. */
const WEIGHTS = {
  join: 24,
  connect: 1,
  hello: 2,
  authenticate: 2,
  subscribe: 18,
  unsubscribe: 4,
  register: 18,
  unregister: 2,
  publish: 26,
  call: 36,
  part: 8,
  answer: 30,
  cancel: 6,
  meta: 4,
  testament: 1,
  wrong: 1,
  goodbye: 1,
  abort: 1,
  drop: 1,
  slow: 2,
  drain: 3,
  pass: 6,
  decide: 12,
  reload: 1,
}

export type Does = keyof typeof WEIGHTS

/** A step: what happens, to which client, and numbers up to 1000 that choose its particulars. */
export interface Step {
  readonly does: Does
  readonly who: number
  readonly a: number
  readonly b: number
  readonly c: number
  /** The next step follows at once, before the router has sent anything. */
  readonly atOnce: boolean
}

const KINDS = Object.entries(WEIGHTS).flatMap(([does, weight]) =>
  new Array<Does>(weight).fill(does as Does),
)

const CLIENTS = 6

/** The steps of a seed: the same each time. */
export function stepsOf(seed: number): Step[] {
  const random = chance(seed)
  const upTo = (end: number) => Math.floor(random() * end)
  return Array.from({ length: 100 + upTo(300) }, () => ({
    does: KINDS[upTo(KINDS.length)] as Does,
    who: upTo(CLIENTS),
    a: upTo(1000),
    b: upTo(1000),
    c: upTo(1000),
    atOnce: upTo(3) === 0,
  }))
}

/** Numbers from 0 up to, but not, 1 that are the same each time (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
