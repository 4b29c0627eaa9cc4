/** docs/getting-started.md: its commands, run as they stand there, and the examples that they apply. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { commandsIn, shell } from '../../support/docs-commands.ts';
import { only, RELEASE, render, type Manifest, type Values } from '../../support/helm.ts';
import { createCertManagersIssuer } from '../../support/issuing-ca.ts';
import { kubeconform, writeSchemas } from '../../support/kubeconform.ts';
import { apply } from '../../support/kubectl.ts';
import { startMailServer, type MailServerProgram } from '../../support/mail-server.ts';
import type { RunningOperator } from '../../support/operator.ts';
import { publishTo } from '../../support/route53-bind.ts';
import { startRoute53, type Route53Double } from '../../support/route53.ts';
import type { Site } from '../../support/site.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PAGE = readFileSync(join(ROOT, 'docs/getting-started.md'), 'utf8');
const TEXT = readExamples();
const EXAMPLES = parseAllDocuments(TEXT).map((document) => document.toJS() as Manifest);
const HOST = { hostname: 'mx1.example.nl', address: '10.53.1.10' };
const DOUBLE = '10.53.3.18';

export function gettingStarted(site: () => Site): void {
  describe('getting started', () => {
    let route53: Route53Double;
    let operator: RunningOperator | undefined;
    let mailServer: MailServerProgram | undefined;
    beforeAll(async () => {
      const { chain, kubeconfig } = site();
      // From nothing: what other tests have left goes.
      await site().kubectl('delete', 'namespace', 'mail', RELEASE, '--timeout=240s');
      await site().kubectl(
        'delete',
        'clusterroles,clusterrolebindings',
        `--selector=app.kubernetes.io/instance=${RELEASE}`,
      );
      await chain.nsupdate(`add ${HOST.hostname} 60 A ${HOST.address}`);
      await createCertManagersIssuer(kubeconfig, 'letsencrypt');
      const [, id = '', secret = ''] = /access-key-id=(\S+) .*secret-access-key=(\S+)/.exec(PAGE) ?? [];
      route53 = await startRoute53({
        address: DOUBLE,
        keys: [{ id, secret }],
        zones: [{ id: 'Z1', name: chain.zone }],
        publish: publishTo(chain),
      });
    });
    afterAll(async () => {
      await operator?.stop();
      await mailServer?.stop();
      await route53.stop();
    });

    test('five commands lead from nothing to records that fit what the server presents', async () => {
      const [commands = []] = commandsIn('docs/getting-started.md');
      expect(commands).toHaveLength(5);
      for (const [index, command] of commands.entries()) {
        await shell(site(), command);
        // No kubelet runs here: what it would start. The names of Route 53 lead to a double.
        if (index === 0)
          operator = await site().startOperator({ env: { AWS_ENDPOINT_URL_ROUTE_53: route53.endpoint } });
        if (index === 3) {
          const { dir, kubeconfig } = site();
          mailServer = await startMailServer({
            dir: join(dir, 'mx1'),
            kubeconfig,
            namespace: 'mail',
            secretName: 'mx1-tls',
            ...HOST,
          });
        }
      }
      const answer = await site().chain.dig('+short', '_25._tcp.mx1.example.nl', 'TLSA');
      expect(
        answer
          .trim()
          .split('\n')
          .map((record) => record.slice(0, 5))
          .toSorted(),
      ).toEqual(['2 1 1', '3 1 1']);
    });

    test('every other command says that it is not run, and why', () => {
      const before = PAGE.split(/^```sh$/m)
        .slice(0, -1)
        .map((text) => text.trimEnd().split('\n').at(-1));
      expect(
        before.filter((line) => !/<!-- Run by the tests. -->|[*_]Not run[^*_]*: [^*_]+[*_]/.test(line ?? '')),
      ).toEqual([]);
    });

    test('the examples are taken by the API server, with the CRDs of Flux and Argo CD, and by kubeconform', async () => {
      const { dir, kubeconfig } = site();
      for (const namespace of ['argocd', 'flux-system']) await site().kubectl('create', 'namespace', namespace);
      await apply(kubeconfig, TEXT, '--dry-run=server', '--validate=strict');
      await writeSchemas(kubeconfig, join(dir, 'schemas-of-examples'), EXAMPLES);
      const verdict = await kubeconform(join(dir, 'schemas-of-examples'), TEXT);
      expect(verdict).toEqual({ valid: EXAMPLES.length, invalid: [] });
      const mistaken = TEXT.replace('reconcileStrategy:', 'strategyOfReconciling:');
      expect((await kubeconform(join(dir, 'schemas-of-examples'), mistaken)).invalid).toEqual([
        expect.stringMatching(/^HelmRelease tlsa-operator: .*strategyOfReconciling/),
      ]);
    });

    test('the values that Flux and Argo CD are given are those of the chart', async () => {
      const given = EXAMPLES.flatMap((example): readonly Values[] => {
        const { spec } = example as Deployer;
        const values = spec?.values ?? spec?.source?.helm?.valuesObject;
        return values === undefined ? [] : [values];
      });
      expect(given).toHaveLength(2);
      for (const values of given) expect(only(await render(values), 'Deployment')).toBeDefined();
    });
  });
}

/** HelmRelease, and Application. */
interface Deployer extends Manifest {
  readonly spec?: {
    readonly values?: Values;
    readonly source?: { readonly helm?: { readonly valuesObject?: Values } };
  };
}

/** All of them, as one stream of documents. */
function readExamples(): string {
  const folder = join(ROOT, 'examples');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('---\n');
}
