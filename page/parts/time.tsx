import { signal } from '@preact/signals'
import { ago, exactTime } from './format.ts'

/** What time it is, for what is told as `4 min ago`. Milliseconds since 1970. */
export const now = signal(Date.now())
setInterval(() => {
  if (!document.hidden) now.value = Date.now()
}, 5000)

/** How long ago something was; the exact time on hover. */
export function Time({ at }: { at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={exactTime(at)}>
      {ago(at, Math.max(now.value, at))}
    </time>
  )
}
