/** How tools that deploy judge a MailServer, with and without an operator: kubectl wait, both Helms, the health check for Argo CD. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { createTenant, type Tenant } from '../../controller/tenant.ts';
import { CHART, helm, mustHelm, RELEASE, type Helm, type Manifest, type Values } from '../../support/helm.ts';
import { kubectl } from '../../support/kubectl.ts';
import type { RunningOperator } from '../../support/operator.ts';
import { mustRun } from '../../support/process.ts';
import type { Site } from '../../support/site.ts';

const ARGOCD_CM = join(CHART, '../../examples/argocd/argocd-cm.yaml');
const HEALTH = (parse(readFileSync(ARGOCD_CM, 'utf8')) as { data: Record<string, string> }).data;

export function gitops(site: () => Site): void {
  describe('judged by tools that deploy', () => {
    let tenant: Tenant;
    let operator: RunningOperator | undefined;
    beforeAll(async () => {
      const args = ['upgrade', '--install', RELEASE, CHART, '--reset-values', `--namespace=${RELEASE}`];
      await mustHelm('helm4', args, { kubeconfig: site().kubeconfig });
      tenant = await createTenant(site(), 'gitops');
      writeMailChart(join(site().dir, 'mail-chart'));
    });
    afterAll(async () => {
      await operator?.stop();
    });

    /** A release with one MailServer. */
    const release = (version: Helm, name: string, spec: Values, timeout = '240s') => {
      const args = [
        'upgrade',
        '--install',
        name,
        join(site().dir, 'mail-chart'),
        '--namespace=gitops',
        '--wait',
        `--timeout=${timeout}`,
      ];
      const complete = {
        certificates: [{ secretName: 'tls' }],
        providerRef: { name: 'bind' },
        verification: { probe: 'Disabled' },
        ...spec,
      };
      return helm(version, args, { kubeconfig: site().kubeconfig, values: { spec: complete } });
    };
    const kubectlWaits = async (name: string, timeout: string): Promise<number | undefined> => {
      const args = [
        'wait',
        `mailserver/${name}`,
        '--namespace=gitops',
        '--for=condition=Ready',
        `--timeout=${timeout}`,
      ];
      return (await kubectl(site().kubeconfig, ...args)).code;
    };
    const health = async (object: string): Promise<string> =>
      healthOf(JSON.parse(await tenant.kubectl('get', object, '--output=json')) as Manifest);

    test('without an operator: not ready, for all but Helm 3', async () => {
      const { hostname } = tenant;
      expect((await release('helm3', 'ready', { hostnames: [hostname] })).code).toBe(0);
      const { code, stderr } = await release('helm4', 'ready', { hostnames: [hostname] }, '2s');
      expect([code, stderr]).toEqual([1, expect.stringContaining('InProgress')]);
      expect(await kubectlWaits('ready', '1s')).toBe(1);
      expect([await health('mailserver/ready'), await health('dnsprovider/bind')]).toEqual([
        'Progressing',
        'Progressing',
      ]);
    });

    test('with one: ready when it is published', async () => {
      await tenant.renew();
      operator = await site().startOperator();
      expect(await release('helm4', 'ready', { hostnames: [tenant.hostname] })).toMatchObject({ code: 0 });
      expect(await kubectlWaits('ready', '1s')).toBe(0);
      expect([await health('mailserver/ready'), await health('dnsprovider/bind')]).toEqual(['Healthy', 'Healthy']);
    });

    test('what may still come is waited for', async () => {
      const spec = { hostnames: ['waits.example.nl'], certificates: [{ secretName: 'none' }] };
      const { code, stderr } = await release('helm4', 'waits', spec, '4s');
      expect([code, stderr]).toEqual([1, expect.stringContaining('InProgress')]);
      await tenant.until('Ready=False SecretNotFound', 'mailserver/waits');
      expect(await health('mailserver/waits')).toBe('Progressing');
    });

    test('where a person must act it has failed', async () => {
      const { code, stderr } = await release('helm4', 'stalled', { hostnames: [tenant.hostname] }, '20s');
      expect([code, stderr]).toEqual([1, expect.stringContaining('Failed')]);
      await tenant.until('Ready=False OwnerConflict', 'mailserver/stalled');
      expect(await health('mailserver/stalled')).toBe('Degraded');
    });

    test('suspended, for Argo CD', async () => {
      await tenant.patch({ suspend: true }, 'mailserver/ready');
      expect(await health('mailserver/ready')).toBe('Suspended');
    });
  });
}

function writeMailChart(dir: string): void {
  mkdirSync(join(dir, 'templates'), { recursive: true });
  writeFileSync(join(dir, 'Chart.yaml'), 'apiVersion: v2\nname: mail\nversion: 1.0.0\n');
  const metadata = 'metadata: { name: {{ .Release.Name }} }';
  const spec = 'spec: {{ toJson .Values.spec }}';
  writeFileSync(
    join(dir, 'templates/mail-server.yaml'),
    `apiVersion: tlsa-operator.io/v1alpha1\nkind: MailServer\n${metadata}\n${spec}\n`,
  );
}

/** As Argo CD asks: in Lua 5.1, which knows the object as `obj`. */
async function healthOf(object: Manifest): Promise<string> {
  const script = HEALTH[`resource.customizations.health.tlsa-operator.io_${object.kind}`] ?? '';
  const program = `obj = ${luaOf(object)}\nlocal health = (function()\n${script}\nend)()\nassert(health.message)\nio.write(health.status)\n`;
  return mustRun('lua5.1', ['-'], { input: program });
}

function luaOf(value: unknown): string {
  if (Array.isArray(value)) return `{${value.map(luaOf).join(', ')}}`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, one]) => `[${JSON.stringify(name)}] = ${luaOf(one)}`)
    .join(', ')}}`;
}
