/** What the chart renders: with both Helms the same, taken by the API server as it is, and nothing for values that it does not know. */
import { describe, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { valueRows } from '../../../hack/chart-readme.ts';
import { KINDS } from '../../../src/api/kinds.ts';
import { CHART, helm, HELMS, only, RELEASE, render, type Manifest, type Values } from '../../support/helm.ts';
import { mustKubectl } from '../../support/kubectl.ts';
import { mustRun } from '../../support/process.ts';
import type { Site } from '../../support/site.ts';
import { COMBINATIONS, SWITCHES, valuesOf } from './switches.ts';

const read = (file: string): string => readFileSync(join(CHART, file), 'utf8');

interface Deployment extends Manifest {
  readonly spec: { readonly template: { readonly metadata: object; readonly spec: PodSpec } };
}

interface PodSpec {
  readonly containers: readonly { readonly image: string }[];
}

interface ConfigMap extends Manifest {
  readonly data: Readonly<Record<string, string>>;
}

export function rendering(site: () => Site): void {
  describe('rendered', () => {
    const rows = COMBINATIONS.map((switches) => [switches.join(' ') || 'as it comes', switches] as const);

    test('every pair of switches, alike by both Helms, and taken by the API server', async () => {
      const all = await Promise.all(rows.map(([, switches]) => render(valuesOf(switches))));
      expect(await Promise.all(rows.map(([, switches]) => render(valuesOf(switches), 'helm3')))).toEqual(all);
      await dryRun(site(), [...all.flat(), ...all.flatMap((one, index) => podsOf(one, index))]);
    });

    test.each(['default', 'otherResolver'])('a resolver that Unbound accepts: %s', async (name) => {
      const config = only(await render(SWITCHES[name] ?? {}), 'ConfigMap') as ConfigMap;
      const file = join(site().dir, `unbound-${name}.conf`);
      writeFileSync(file, config.data['unbound.conf'] ?? '');
      await mustRun('unbound-checkconf', [file]);
    });

    test('images by digest, or by the version of the program', async () => {
      const image = async (values: Values): Promise<string | undefined> => {
        const { spec } = only(await render(values), 'Deployment') as Deployment;
        return spec.template.spec.containers[0]?.image;
      };
      const version = (JSON.parse(readFileSync(join(CHART, '../../package.json'), 'utf8')) as { version: string })
        .version;
      expect(await image({})).toBe(`tlsa-operator:${version}`);
      expect(await image({ image: { tag: 'x' } })).toBe('tlsa-operator:x');
      expect(await image(SWITCHES['images'] ?? {})).toMatch(/^registry\.example\.nl\/o@sha256:(0a){32}$/);
    });

    test('CRDs that are those of crds/, kept or not', async () => {
      const crds = async (values: Values): Promise<Manifest[]> =>
        (await render(values)).filter(({ kind }) => kind === 'CustomResourceDefinition');
      for (const crd of await crds({})) {
        const [plural = ''] = crd.metadata.name.split('.');
        const ours = parse(readFileSync(join(CHART, `../../crds/${plural}.yaml`), 'utf8'), {
          version: '1.1',
        }) as Manifest;
        expect({ ...crd, metadata: { name: crd.metadata.name, annotations: crd.metadata.annotations } }).toEqual({
          ...ours,
          metadata: {
            ...ours.metadata,
            annotations: { ...ours.metadata.annotations, 'helm.sh/resource-policy': 'keep' },
          },
        });
      }
      expect(await crds({})).toHaveLength(KINDS.length);
      const going = await crds(SWITCHES['crdsGo'] ?? {});
      expect(going.filter(({ metadata }) => 'helm.sh/resource-policy' in (metadata.annotations ?? {}))).toEqual([]);
      expect(await crds(SWITCHES['noCRDs'] ?? {})).toEqual([]);
    });
  });

  describe('refused', () => {
    const ours = { apiVersion: 'tlsa-operator.io/v1alpha1', kind: 'MailServer', metadata: { name: 'mx1' } };
    test.each<[string, Values, string]>([
      ['a value that there is not', { replica: 2 }, "additional properties 'replica' not allowed"],
      ['one deeper down', { resolver: { image: { version: '1' } } }, "additional properties 'version' not allowed"],
      [
        'one in a list',
        { promote: { namespaces: [{ name: 'a', secretNames: ['b'], secrets: [] }] } },
        "'secrets' not allowed",
      ],
      ['another type', { replicas: '2' }, 'got string, want integer'],
      ['a word that is none of those', { logLevel: 'loud' }, "at '/logLevel'"],
      ['a digest without its kind', { image: { digest: 'abc' } }, "at '/image/digest'"],
      [
        'a quote in a trust anchor',
        { resolver: { trustAnchors: ['. IN DS 1 8 2 "'] } },
        "at '/resolver/trustAnchors/0'",
      ],
      ['no resolver at all', { resolver: { enabled: false } }, 'name a validating resolver in resolver.servers'],
      [
        'resolvers beside that in the pod',
        { resolver: { servers: ['192.0.2.1'] } },
        'resolver.servers is for resolver.enabled: false',
      ],
      ['no ServiceAccount', { serviceAccount: { create: false } }, 'name one that exists'],
      [
        'Promote where it does not look',
        { watchNamespaces: ['a'], promote: { namespaces: [{ name: 'b', secretNames: ['c'] }] } },
        'names b, which is not in watchNamespaces',
      ],
      ['an object of ours', { extraObjects: [ours] }, 'a MailServer cannot be in this release'],
    ])('%s', async (_what, values, sentence) => {
      for (const version of HELMS) {
        const { code, stderr } = await helm(version, ['template', RELEASE, CHART], { values });
        expect({ version, code, stderr }).toEqual({ version, code: 1, stderr: expect.stringContaining(sentence) });
      }
    });
  });

  describe('written down', () => {
    test('every value is in the schema, which allows no other, and in the README', () => {
      const schema = JSON.parse(read('values.schema.json')) as Schema;
      const described = valueRows(read('values.yaml')).map(({ path }) => path);
      expect(leavesOf(parse(read('values.yaml')), described)).toEqual(described);
      expect(open(schema)).toEqual(['extraObjects[]', 'global', ...FREE]);
      const known = described.filter((path) => isKnown(schema, schema, path.split('.')));
      expect(known).toEqual(described);
    });

    test('the kinds of Artifact Hub are ours', () => {
      const { annotations } = parse(read('Chart.yaml')) as { annotations: Record<string, string> };
      const crds = parse(annotations['artifacthub.io/crds'] ?? '') as { kind: string; name: string }[];
      expect(crds.map(({ kind, name }) => [kind, name]).toSorted()).toEqual(
        KINDS.map(({ kind, plural }) => [kind, `${plural}.tlsa-operator.io`]).toSorted(),
      );
      const examples = parse(annotations['artifacthub.io/crdsExamples'] ?? '') as { kind: string; spec: unknown }[];
      const errors = examples.map(
        ({ kind, spec }) => KINDS.find((one) => one.kind === kind)?.spec.safeParse(spec).error,
      );
      expect(errors).toEqual(examples.map(() => undefined));
      expect(examples.map(({ kind }) => kind)).toEqual(['MailServer', 'DNSProvider', 'DaneIssuer']);
    });
  });
}

/** As the API server would take them, but for a field that it does not know. */
async function dryRun({ kubeconfig, dir }: Site, manifests: readonly object[]): Promise<void> {
  const file = join(dir, 'rendered.json');
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }));
  const flags = ['--server-side', '--force-conflicts', '--dry-run=server', '--validate=strict'];
  await mustKubectl(kubeconfig, 'apply', ...flags, `--filename=${file}`);
}

/** The pods that would run, where the restricted standard is enforced. */
function podsOf(manifests: readonly Manifest[], index: number): object[] {
  const { template } = (only(manifests, 'Deployment') as Deployment).spec;
  const tests = manifests.filter(({ kind }) => kind === 'Pod');
  return [{ apiVersion: 'v1', kind: 'Pod', ...template }, ...tests].map((pod, which) => ({
    ...pod,
    metadata: { name: `pod-${index}-${which}`, namespace: RELEASE },
  }));
}

interface Schema {
  readonly type?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
}

/** What Kubernetes describes is left to the API server; texts by name have any name. */
const FREE = ['strings', 'quantities', 'kubernetes'];

/** Where the schema lets any name pass. */
function open(schema: Schema, path = ''): string[] {
  const isOpen = schema.type === 'object' && schema.additionalProperties !== false;
  return [
    ...(isOpen ? [path] : []),
    ...Object.entries({ ...schema.properties, ...schema.$defs }).flatMap(([name, one]) =>
      open(one, path === '' ? name : `${path}.${name}`),
    ),
    ...(schema.items === undefined ? [] : open(schema.items, `${path}[]`)),
  ];
}

function isKnown(root: Schema, schema: Schema | undefined, [name, ...rest]: readonly string[]): boolean {
  const target = schema?.$ref === undefined ? schema : root.$defs?.[schema.$ref.replace('#/$defs/', '')];
  return name === undefined ? target !== undefined : isKnown(root, target?.properties?.[name], rest);
}

/** The paths of values: as far down as they are described. */
function leavesOf(value: unknown, described: readonly string[], path = ''): string[] {
  if (described.includes(path) || typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, one]) =>
    leavesOf(one, described, path === '' ? name : `${path}.${name}`),
  );
}
