import { batch, computed, effect, signal } from '@preact/signals'
import type { Overview } from '../../src/admin/operations/router.ts'
import { ask, reach } from './api.ts'
import { pause } from './live.ts'
import { ratesBetween, type Sample } from './rates.ts'
import { token } from './token.ts'

/** How often it is asked. Milliseconds. */
const EVERY = 1000
/** Samples that are kept: a quarter of an hour. */
const KEPT = 900
/** The longest pause before a router that is gone is tried again. Milliseconds. */
const LONGEST = 15_000

/** What the router does, as of late; what came before stays while it is gone. */
export const overview = signal<Overview | null>(null)
export const samples = signal<readonly Sample[]>([])
export const latest = computed(() => samples.value.at(-1))

/** When the router is tried again: milliseconds since 1970; null while it answers. */
export const triedAt = signal<number | null>(null)
let tryNow = new AbortController()

/** Tries at once whether the router is back. */
export function retry(): void {
  tryNow.abort()
}

/** Asks as long as somebody is in, whatever is shown: this tells too whether the router is there. */
export function watch(): void {
  effect(() => {
    if (token.value === null) return
    const left = new AbortController()
    void follow(left.signal)
    return () => left.abort()
  })
}

async function follow(left: AbortSignal): Promise<void> {
  for (let wait = EVERY; !left.aborted; ) {
    if (!document.hidden || reach.value === 'gone') {
      await ask<Overview>('/overview', { signal: left }).then(take, () => {})
    }
    if (left.aborted) return
    if (reach.value !== 'gone') wait = EVERY
    batch(() => {
      triedAt.value = reach.value === 'gone' ? Date.now() + wait : null
    })
    tryNow = new AbortController()
    await pause(wait, AbortSignal.any([left, tryNow.signal]))
    if (reach.value === 'gone') wait = Math.min(LONGEST, wait * 2)
  }
}

function take(now: Overview): void {
  const before = overview.value
  const isSame = before !== null && before.started === now.started && before.now < now.now
  const kept = before?.started === now.started ? samples.value : []
  batch(() => {
    overview.value = now
    samples.value = isSame ? [...kept.slice(1 - KEPT), ratesBetween(before, now)] : kept
  })
}
