/** A line of `GET /api/trace`. */
export type Line =
  | MessageLine
  | { readonly kind: 'started' | 'alive'; readonly time: number }
  | {
      readonly kind: 'dropped'
      readonly time: number
      readonly lines: number
      readonly why: string
    }
  | { readonly kind: 'ended'; readonly time: number; readonly why: string }

export interface MessageLine {
  readonly kind: 'message'
  readonly time: number
  readonly direction: 'received' | 'sent'
  readonly type: string
  readonly bytes: number
  readonly remote: string
  readonly realm?: string
  readonly session?: number
  readonly authid?: string
  readonly authrole?: string
  readonly request?: number
  readonly publication?: number
  readonly subscription?: number
  readonly registration?: number
  readonly uri?: string
  readonly reason?: string
  readonly exchange?: string
  readonly took?: number
  readonly other?: number
  readonly details?: string
  readonly args?: string
  readonly kwargs?: string
  readonly cut?: boolean
}
