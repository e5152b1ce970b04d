import { signal } from '@preact/signals'

const notice = signal('')
let timer: ReturnType<typeof setTimeout> | undefined

/** Says for a while what was done. */
export function tell(text: string): void {
  notice.value = text
  clearTimeout(timer)
  timer = setTimeout(() => {
    notice.value = ''
  }, 6000)
}

export function Notice() {
  return (
    <div class="notice" role="status">
      {notice.value !== '' && <p>{notice.value}</p>}
    </div>
  )
}
