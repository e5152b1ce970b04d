import { styleText } from 'node:util'

/** Gives a text a colour, or leaves it as it is. */
export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string

/** Colours are for terminals, and for those that want them (no-color.org). */
export function painter({ isTTY }: { isTTY?: boolean }, { NO_COLOR } = process.env): Paint {
  return isTTY === true && !NO_COLOR ? styleText : (_, text) => text
}
