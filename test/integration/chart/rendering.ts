/** What the chart renders, and that it renders nothing for values that it does not know. */
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { valueRows } from '../../../hack/chart-readme.ts';
import { KINDS } from '../../../src/api/kinds.ts';
import { CHART, helm, HELMS, only, RELEASE, render, type Manifest, type Values } from '../../support/helm.ts';
import { valueAt } from './combinations.ts';
import { SWITCHES } from './switches.ts';

const read = (file: string): string => readFileSync(join(CHART, file), 'utf8');

interface Deployment extends Manifest {
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}

interface PodSpec {
  readonly containers: readonly { readonly image: string }[];
}

export function rendering(): void {
  describe('rendered', () => {
    test('images by digest, or by the version of the program', async () => {
      const image = async (values: Values): Promise<string | undefined> => {
        const { spec } = only(await render(values), 'Deployment') as Deployment;
        return spec.template.spec.containers[0]?.image;
      };
      const version = (JSON.parse(readFileSync(join(CHART, '../../package.json'), 'utf8')) as { version: string })
        .version;
      const digest = `sha256:${'0a'.repeat(32)}`;
      expect(await image({})).toBe(`tlsa-operator:${version}`);
      expect(await image({ image: { tag: 'x' } })).toBe('tlsa-operator:x');
      expect(await image({ image: { repository: 'registry.example.nl/o', tag: 'x', digest } })).toMatch(
        /^registry\.example\.nl\/o@sha256:(0a){32}$/,
      );
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
      const going = await crds({ crds: { keep: false } });
      expect(going.filter(({ metadata }) => 'helm.sh/resource-policy' in (metadata.annotations ?? {}))).toEqual([]);
      expect(await crds({ crds: { enabled: false } })).toEqual([]);
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
      const known = described.filter((path) => schemaOf(schema, path) !== undefined);
      expect(known).toEqual(described);
    });

    test('every value has one switch, and of a boolean or an enumeration every value is tried', () => {
      const rows = valueRows(read('values.yaml'));
      const tried = (path: string): unknown[] =>
        Object.values(SWITCHES).flatMap((levels) => {
          const set = levels.map((values) => valueAt(values, path)).filter((value) => value !== undefined);
          return set.length === 0 ? [] : [set];
        });
      expect(rows.filter(({ path }) => tried(path).length !== 1).map(({ path }) => path)).toEqual([]);
      const schema = JSON.parse(read('values.schema.json')) as Schema;
      for (const row of rows) {
        const { type, enum: words } = schemaOf(schema, row.path) ?? {};
        const all: readonly unknown[] | undefined = type === 'boolean' ? [true, false] : words;
        const found = new Set([row.default, ...tried(row.path).flat()]);
        if (all !== undefined) expect([row.path, found]).toEqual([row.path, new Set(all)]);
      }
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

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
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

/** What the schema says of a value, if it knows it. */
function schemaOf(root: Schema, path: string): Schema | undefined {
  const target = (schema?: Schema) =>
    schema?.$ref === undefined ? schema : root.$defs?.[schema.$ref.replace('#/$defs/', '')];
  return path.split('.').reduce<Schema | undefined>((schema, name) => target(schema?.properties?.[name]), root);
}

/** The paths of values: as far down as they are described. */
function leavesOf(value: unknown, described: readonly string[], path = ''): string[] {
  if (described.includes(path) || typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, one]) =>
    leavesOf(one, described, path === '' ? name : `${path}.${name}`),
  );
}
