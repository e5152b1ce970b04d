/** True of a text that is JSON: some have comments, which YAML would take for text. */
export function isJson(text: string): boolean {
  return /^\uFEFF?\s*(?:\/[/*]|[{[])/.test(text)
}

/**
 * JSON in which comments and tabs are blanks. All else stays where it is, so that lines and columns
 * are those of the file.
 */
export function withoutComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|\t/g, found =>
    found.startsWith('"') ? found : found.replace(/[^\n\r]/g, ' '),
  )
}
