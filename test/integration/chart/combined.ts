/** The chart in every combination of its switches: rendered, and each document that comes of it judged by all who can. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { documents, manifestsIn, RELEASE, type Manifest } from '../../support/helm.ts';
import { kubeconform, writeSchemas } from '../../support/kubeconform.ts';
import { apply } from '../../support/kubectl.ts';
import { mustRun } from '../../support/process.ts';
import type { Site } from '../../support/site.ts';
import { combinations, valuesRead } from './combinations.ts';
import { valuesOf } from './switches.ts';
import { templates } from './templates.ts';

interface Deployment extends Manifest {
  readonly spec: { readonly template: { readonly metadata: object; readonly spec: object } };
}

interface ConfigMap extends Manifest {
  readonly data?: Readonly<Record<string, string>>;
}

/** One Helm on each of two cores. */
const inTurn = <T, R>(items: readonly T[], render: (item: T) => Promise<R>): Promise<R[]> =>
  pLimit(2).map(items, render);

export function combined(site: () => Site): void {
  describe('in every combination of switches', () => {
    const rows = combinations().map(valuesOf);
    let rendered: (readonly string[])[];
    let distinct: readonly string[];
    beforeAll(async () => {
      rendered = await inTurn(rows, (values) => documents(values));
      distinct = [...new Set(rendered.flat())];
    });
    const manifests = (kind: string): Manifest[] =>
      manifestsIn(distinct.filter((text) => text.includes(`\nkind: ${kind}\n`)));
    /** Strictly: a field that is not known, or given twice, is an error. */
    const dryRun = (text: string): Promise<string> =>
      apply(site().kubeconfig, text, '--dry-run=server', '--validate=strict');

    test('what a template makes depends on the values that it is known to read, and on no others', () => {
      const files = Map.groupBy(templates(), ({ file }) => file);
      for (const [file, parts] of files) {
        const made = new Map<string, string>();
        for (const [index, values] of rows.entries()) {
          const own = rendered[index]?.filter((text) => text.startsWith(`# Source: tlsa-operator/templates/${file}\n`));
          const key = valuesRead(
            values,
            parts.flatMap(({ from }) => from),
          );
          const text = own?.join('\n---\n') ?? '';
          expect(text).toBe(made.get(key) ?? text);
          made.set(key, text);
        }
      }
    });

    test('Helm 3 renders the same', async () => {
      const some = rows.flatMap((values, index) => (index % 4 === 0 ? [{ values, index }] : []));
      const byHelm3 = await inTurn(some, ({ values }) => documents(values, 'helm3'));
      expect(byHelm3.map((one) => one.toSorted())).toEqual(some.map(({ index }) => rendered[index]?.toSorted()));
    });

    test('the API server takes each document', async () => {
      await dryRun(distinct.join('\n---\n'));
    });

    test('kubeconform finds each valid', async () => {
      const dir = join(site().dir, 'schemas-of-chart');
      const kinds = distinct.map((text) => {
        const [, apiVersion = '', kind = ''] = /^apiVersion: (\S+)\nkind: (\S+)$/m.exec(text) ?? [];
        return { apiVersion, kind };
      });
      await writeSchemas(site().kubeconfig, dir, kinds);
      expect(await kubeconform(dir, distinct.join('\n---\n'))).toEqual({ valid: distinct.length, invalid: [] });
    });

    test('its pods are admitted where the restricted standard is enforced', async () => {
      const items = (manifests('Deployment') as Deployment[]).map(({ spec: { template } }, index) => {
        const metadata = { ...template.metadata, name: `pod-${index}`, namespace: RELEASE };
        return { apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec };
      });
      await dryRun(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    });

    test('Unbound accepts the configuration of the resolver', async () => {
      const configurations = new Set((manifests('ConfigMap') as ConfigMap[]).map(({ data }) => data?.['unbound.conf']));
      configurations.delete(undefined); // of an extra object
      expect(configurations.size).toBe(8);
      for (const configuration of configurations) {
        const file = join(site().dir, 'unbound-rendered.conf');
        writeFileSync(file, configuration ?? '');
        await mustRun('unbound-checkconf', [file]);
      }
    });
  });
}
