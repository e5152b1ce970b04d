/** A metric of an answer: what it is, and each line's value by the line's name and labels. */
export interface Told {
  readonly type: string
  readonly help: string
  /** By name and labels as they stand in the line, such as `a_total{b="c"}`. */
  readonly samples: Map<string, number>
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (\S+)$/

/** Reads the text format of Prometheus strictly. Throws where it is not that. */
export function readMetrics(text: string): Map<string, Told> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const metrics = new Map<string, Told>()
  const seen = new Set<string>()
  for (const block of text.trimEnd().split('\n\n')) {
    const [helpLine = '', typeLine = '', ...lines] = block.split('\n')
    const [, name = '', help = ''] = /^# HELP (\w+) (.+)$/.exec(helpLine) ?? wrong(helpLine)
    const [, own, type = ''] =
      /^# TYPE (\w+) (gauge|counter|histogram)$/.exec(typeLine) ?? wrong(typeLine)
    if (own !== name || metrics.has(name)) wrong(typeLine)
    const samples = new Map<string, number>()
    for (const line of lines) {
      const [, sample = '', labels = '', value = ''] = LINE.exec(line) ?? wrong(line)
      const suffix = sample.slice(name.length)
      const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
      if (!sample.startsWith(name) || !suffixes.includes(suffix)) wrong(line)
      if (seen.has(sample + labels) || Number.isNaN(Number(value))) wrong(line)
      seen.add(sample + labels)
      samples.set(sample + labels, Number(value))
    }
    metrics.set(name, { type, help, samples })
  }
  return metrics
}

function wrong(line: string): never {
  throw new Error(`not the text format: ${line}`)
}
