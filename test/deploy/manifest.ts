import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'

/** A resource of Kubernetes. Its schema is checked elsewhere. */
// biome-ignore lint/suspicious/noExplicitAny: each kind has a form of its own
type Resource = any

/** The resource of a kind in deploy/kubernetes.yaml. */
export function resource(kind: string): Resource {
  const all = parseAllDocuments(readFileSync('deploy/kubernetes.yaml', 'utf8'), { version: '1.1' })
  return all.map(document => document.toJS() as Resource).find(each => each.kind === kind)
}

/** The configuration of its ConfigMap, with secrets and ports of the test's own. */
export function configOfManifest(secrets: string, wamp: number, admin: number): string {
  const text: string = resource('ConfigMap').data['wampd.yaml']
  return text
    .replaceAll('/etc/wampd-secrets', secrets)
    .replaceAll('0.0.0.0', '127.0.0.1')
    .replace('port: 8080', `port: ${wamp}`)
    .replace('port: 9090', `port: ${admin}`)
}

/** The keys of the Secret that it refers to. */
export function secretsOfManifest(): string[] {
  const text: string = resource('ConfigMap').data['wampd.yaml']
  return [...text.matchAll(/\$\{file:\/etc\/wampd-secrets\/([a-z-]+)\}/g)].map(
    match => match[1] as string,
  )
}
