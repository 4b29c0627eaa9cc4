/** kubeconform, by the schemas that an API server publishes: of Kubernetes' own kinds, and of the CRDs that it has. Nothing is downloaded. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { mustKubectl } from './kubectl.ts';
import { eventually, run } from './process.ts';
import { toolPath } from './tools.ts';

/** Of an object, what kubeconform looks its schema up by. */
export interface TypeMeta {
  readonly apiVersion: string;
  readonly kind: string;
}

export interface Verdict {
  readonly valid: number;
  /** Of each that is not: its kind and name, and why. A kind without a schema is among them. */
  readonly invalid: readonly string[];
}

/** Writes the schemas of these kinds, as strict as can be, below `dir`; waits for those of CRDs that came a moment ago. */
export async function writeSchemas(kubeconfig: string, dir: string, kinds: readonly TypeMeta[]): Promise<void> {
  for (const apiVersion of new Set(kinds.map((one) => one.apiVersion))) {
    const wanted = kinds.filter((one) => one.apiVersion === apiVersion).map(({ kind }) => kind);
    const { schemas, names } = await eventually(
      `the API server publishes ${apiVersion} ${wanted.join(' ')}`,
      async () => {
        const root = apiVersion.includes('/') ? 'apis' : 'api';
        const openAPI = JSON.parse(
          await mustKubectl(kubeconfig, 'get', '--raw', `/openapi/v3/${root}/${apiVersion}`),
        ) as {
          readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
        };
        const { schemas } = openAPI.components;
        const names = new Map(
          Object.entries(schemas).flatMap(([name, schema]) => kindsOf(schema, apiVersion).map((kind) => [kind, name])),
        );
        return wanted.every((kind) => names.has(kind)) && { schemas, names };
      },
    );
    const folder = join(dir, apiVersion.replace(/\/.*/, ''));
    mkdirSync(folder, { recursive: true });
    const version = apiVersion.replace(/.*\//, '');
    const all = join(folder, `${version}.json`);
    const strict = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, closed(schema)]));
    writeFileSync(all, JSON.stringify({ components: { schemas: strict } }));
    for (const kind of wanted) {
      const $ref = `${pathToFileURL(all).href}#/components/schemas/${names.get(kind) ?? ''}`;
      writeFileSync(join(folder, `${kind.toLowerCase()}-${version}.json`), JSON.stringify({ $ref }));
    }
  }
}

/** Holds YAML documents against what `writeSchemas` wrote. */
export async function kubeconform(dir: string, yamlText: string): Promise<Verdict> {
  const location = join(dir, '{{.Group}}/{{.ResourceKind}}-{{.ResourceAPIVersion}}.json');
  const args = ['-strict', '-summary', '-output=json', `-schema-location=${location}`];
  const { stdout, stderr } = await run(toolPath('kubeconform'), args, { input: yamlText });
  if (stdout === '') throw new Error(`kubeconform said nothing but: ${stderr}`);
  const { resources, summary } = JSON.parse(stdout) as Output;
  return { valid: summary.valid, invalid: resources.map(({ kind, name, msg }) => `${kind} ${name}: ${msg}`) };
}

interface Output {
  readonly resources: readonly { readonly kind: string; readonly name: string; readonly msg: string }[];
  readonly summary: { readonly valid: number };
}

/** As far as it matters here. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-group-version-kind'?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
}

function kindsOf(schema: Schema, apiVersion: string): string[] {
  return (schema['x-kubernetes-group-version-kind'] ?? [])
    .filter(({ group, version }) => [group, version].filter((part) => part !== '').join('/') === apiVersion)
    .map(({ kind }) => kind);
}

/**
 * A schema that knows fields allows no others. What `anyOf` and its like say of a field comes in addition and closes nothing; `nullable` is
 * not heeded, since nothing of ours is null.
 */
function closed(schema: Schema): Schema {
  const { properties, items, additionalProperties } = schema;
  const isOpen = properties === undefined || schema['x-kubernetes-preserve-unknown-fields'] === true;
  return {
    ...schema,
    ...(properties === undefined ? {} : { properties: closedAll(properties) }),
    ...(items === undefined ? {} : { items: closed(items) }),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: closed(additionalProperties) } : {}),
    ...(additionalProperties === undefined && !isOpen ? { additionalProperties: false } : {}),
  };
}

function closedAll(schemas: Readonly<Record<string, Schema>>): Readonly<Record<string, Schema>> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, closed(schema)]));
}
