import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadConfig } from '../../src/config/load.ts'
import { configOfManifest, resource, secretsOfManifest } from './manifest.ts'
import { lint, linters, whyNoLinters, whyNotHere } from './tools.ts'

const elsewhere = whyNotHere()
const noLinter = whyNoLinters()
if (elsewhere) console.log(`the manifest for Kubernetes is not tried: ${elsewhere}`)
else {
  describe('the manifest for Kubernetes', () => {
    const { spec } = resource('Deployment')
    const pod = spec.template.spec
    const [container] = pod.containers
    const folder = mkdtempSync(join(tmpdir(), 'wampd-manifest-'))
    after(() => rmSync(folder, { recursive: true }))

    /** Its configuration, as the router reads it. */
    function config() {
      for (const name of secretsOfManifest())
        writeFileSync(join(folder, name), `secret-of-the-${name}`)
      const file = join(folder, 'wampd.yaml')
      writeFileSync(file, configOfManifest(folder, 8080, 9090))
      return loadConfig(file)
    }

    if (noLinter) console.log(`the manifest is not held against the schemas: ${noLinter}`)
    else {
      it('follows the schemas of Kubernetes', async function () {
        this.timeout(120_000)
        const validate = ['-m', 'kubernetes_validate', '--strict', 'deploy/kubernetes.yaml']
        const { code, said } = lint(await linters(), ...validate)
        expect(code, said).equal(0)
        expect(said.match(/ passed for resource /g)).length(4)
      })
    }

    it('has a configuration without faults, and the ports that the pod opens', () => {
      const { transports, admin } = config()
      const ports = container.ports.map(
        ({ containerPort }: { containerPort: number }) => containerPort,
      )
      expect(ports).deep.equal([transports[0]?.endpoint.port, admin?.endpoint.port])
      expect([transports[0]?.endpoint.interface, admin?.endpoint.interface]).deep.equal(
        ['127.0.0.1', '127.0.0.1'], // 0.0.0.0, before the test moved them
      )
      expect(admin?.token).equal('secret-of-the-admin-token')
    })

    it('says how to make each of the secrets', () => {
      const text = readFileSync('deploy/kubernetes.yaml', 'utf8')
      expect(secretsOfManifest()).length(3)
      for (const name of secretsOfManifest()) expect(text).contain(`--from-literal=${name}=`)
    })

    it('leaves time for preStop and the drain before the pod is killed', () => {
      const [command, seconds] = container.lifecycle.preStop.exec.command
      expect(command).equal('sleep')
      const drain = config().shutdown.grace / 1000
      expect(pod.terminationGracePeriodSeconds).at.least(Number(seconds) + drain + 10)
    })

    it('runs the image of this version, as nobody in particular', () => {
      const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
      expect(container.image).equal(`wampd:${version}`)
      expect(pod.securityContext).include({ runAsNonRoot: true, runAsUser: 1000 })
      expect(container.securityContext).deep.equal({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
    })

    it('knows its own parts by their names', () => {
      const { labels } = spec.template.metadata
      expect(spec.selector.matchLabels).deep.equal(labels)
      expect(resource('Service').spec.selector).deep.equal(labels)
      expect(resource('PodDisruptionBudget').spec.selector.matchLabels).deep.equal(labels)
      const ports = container.ports.map(({ name }: { name: string }) => name)
      expect(ports).contain(resource('Service').spec.ports[0].targetPort)
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
        expect(ports).contain(container[probe].httpGet.port)
      }
      const volumes = pod.volumes.map(({ name }: { name: string }) => name)
      const mounts = container.volumeMounts.map(({ name }: { name: string }) => name)
      expect(mounts).deep.equal(volumes)
      expect(pod.volumes[0].configMap.name).equal(resource('ConfigMap').metadata.name)
    })
  })
}
