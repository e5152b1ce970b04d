import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

interface Shown {
  readonly title: string
  readonly children: ComponentChildren
  onClose(): void
}

/** A question that must be answered first. Escape says no. */
export function Dialog({ title, children, onClose }: Shown) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const element = dialog.current as HTMLDialogElement
    const before = document.activeElement
    element.showModal()
    return () => {
      element.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      aria-label={title}
      onCancel={event => {
        event.preventDefault()
        onClose()
      }}
    >
      <h2>{title}</h2>
      {children}
    </dialog>
  )
}
