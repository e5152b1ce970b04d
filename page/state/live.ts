import { useEffect, useRef, useState } from 'preact/hooks'
import { ask, isOpen, Refusal } from './api.ts'

/** An answer that is asked for again and again. */
export interface Live<Answer> {
  /** Undefined until there is one. */
  readonly data: Answer | undefined
  /** Why there is none, as the router says. */
  readonly fault: Refusal | undefined
  refresh(): void
}

/** Asks for a path now and then while it is shown; for nothing where it is null. `every`: milliseconds. */
export function useLive<Answer>(path: string | null, every: number): Live<Answer> {
  const [state, set] = useState<{ path?: string; data?: Answer; fault?: Refusal }>({})
  const [turn, setTurn] = useState(0)
  const open = isOpen.value
  useEffect(() => {
    if (path === null || !open) return
    const left = new AbortController()
    void repeat(every, left.signal, async () => {
      try {
        const data = await ask<Answer>(path, { signal: left.signal })
        set({ path, data })
      } catch (error) {
        if (error instanceof Refusal && error.status !== 401) set({ path, fault: error })
      }
    })
    return () => left.abort()
  }, [path, every, open, turn])
  const isOfPath = state.path === path
  return {
    data: isOfPath ? state.data : undefined,
    fault: isOfPath ? state.fault : undefined,
    refresh: () => setTurn(turn + 1),
  }
}

/** Does something, and again some time after it is done, while the page is seen and until the signal. */
export async function repeat(
  every: number,
  signal: AbortSignal,
  act: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    if (!document.hidden) await act()
    await pause(every, signal)
  }
}

/** Resolves after a time, or when the signal comes. Milliseconds. */
export function pause(time: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, time)
    signal.addEventListener('abort', done)
  })
}

/** A value that follows another once that has not changed for a while. Milliseconds. */
export function useSettled<Value>(value: Value, after: number): Value {
  const [settled, set] = useState(value)
  const isFirst = useRef(true)
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false
      return
    }
    const timer = setTimeout(() => set(value), after)
    return () => clearTimeout(timer)
  }, [value, after])
  return settled
}
