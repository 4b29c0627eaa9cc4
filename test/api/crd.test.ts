/** What can be said of the CRDs without an API server; test/integration/crd-validation.test.ts asks a real one. */
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import {
  customResourceDefinitions,
  SCHEMA_HASH_ANNOTATION,
  schemaHashes,
  type CustomResourceDefinition,
  type Schema,
} from '../../src/api/crd.ts';
import { crdYAML } from '../../src/cli/crd.ts';

interface Field {
  readonly path: string;
  readonly schema: Schema;
}

const definitions = customResourceDefinitions();
const rootOf = ({ spec }: CustomResourceDefinition): Schema => spec.versions[0].schema.openAPIV3Schema;
const ownFields = (definition: CustomResourceDefinition): Field[] =>
  below(rootOf(definition), definition.spec.names.kind).filter(({ path }) => /\.(spec|status)/.test(path));

function below(schema: Schema, path: string): Field[] {
  const children = [
    ...Object.entries(schema.properties ?? {}).map(([name, child]) => [`${path}.${name}`, child] as const),
    ...(schema.items === undefined ? [] : [[`${path}[]`, schema.items] as const]),
    ...(schema.additionalProperties === undefined ? [] : [[`${path}{}`, schema.additionalProperties] as const]),
  ];
  return children.flatMap(([childPath, child]) => [{ path: childPath, schema: child }, ...below(child, childPath)]);
}

const fields = definitions.flatMap(ownFields);
const lists = fields.filter(({ schema }) => schema.type === 'array');

describe('every definition', () => {
  test.each(definitions.map((definition) => [definition.metadata.name, definition] as const))(
    '%s is small enough, and the same after a journey through YAML 1.1',
    (_, definition) => {
      const yaml = crdYAML(definition);
      expect(yaml.length).toBeLessThan(200_000);
      expect(parse(yaml, { version: '1.1' })).toEqual(definition);
    },
  );

  test('the schema hash is that of the schema: another schema, another hash', () => {
    const hashes = [...schemaHashes()];
    expect(hashes.map(([name]) => name)).toEqual(definitions.map(({ metadata }) => metadata.name));
    expect(new Set(hashes.map(([, hash]) => hash)).size).toBe(definitions.length);
    for (const { metadata } of definitions) {
      expect(metadata.annotations[SCHEMA_HASH_ANNOTATION]).toBe(schemaHashes().get(metadata.name));
      expect(metadata.annotations[SCHEMA_HASH_ANNOTATION]).toMatch(/^[0-9a-f]{64}$/);
    }
  });
});

describe('every field', () => {
  test('has a description', () => {
    const silent = fields.filter(({ path, schema }) => !/(\[\]|\{\})$/.test(path) && schema.description === undefined);
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test('has a bound', () => {
    const unbounded = fields.filter(
      ({ schema }) =>
        (schema.type === 'string' && schema.maxLength === undefined && schema.enum === undefined) ||
        (schema.type === 'array' && schema.maxItems === undefined) ||
        (schema.type === 'integer' && schema.minimum === undefined && schema.enum === undefined) ||
        (schema.additionalProperties !== undefined && schema.maxProperties === undefined),
    );
    expect(unbounded.map(({ path }) => path)).toEqual([]);
  });

  test('has a type that apiextensions knows, and either properties or additionalProperties', () => {
    for (const { schema } of fields) {
      expect(['object', 'array', 'string', 'integer', 'boolean']).toContain(schema.type);
      expect(schema.properties !== undefined && schema.additionalProperties !== undefined).toBe(false);
    }
  });

  test('with defaults below it has one itself, so that they are filled in', () => {
    const broken = fields.filter(
      ({ path, schema }) =>
        path.includes('.spec.') &&
        schema.properties !== undefined &&
        Object.values(schema.properties).every((child) => child.default !== undefined) &&
        schema.default === undefined,
    );
    expect(broken.map(({ path }) => path)).toEqual([]);
  });
});

describe('every list', () => {
  test('of a status is replaced as a whole, but conditions are one of each type', () => {
    for (const { path, schema } of lists.filter((list) => list.path.includes('.status'))) {
      const isConditions = path.endsWith('.status.conditions');
      expect([path, schema['x-kubernetes-list-type']]).toEqual([path, isConditions ? 'map' : 'atomic']);
      expect(schema['x-kubernetes-list-map-keys']).toEqual(isConditions ? ['type'] : undefined);
    }
  });

  test('of a spec is what the design says', () => {
    const types = lists
      .filter(({ path }) => path.includes('.spec'))
      .map(({ path, schema }) =>
        [path, schema['x-kubernetes-list-type'], ...(schema['x-kubernetes-list-map-keys'] ?? [])].join(' '),
      );
    expect(types).toEqual([
      'MailServer.spec.hostnames set',
      'MailServer.spec.ports set',
      'MailServer.spec.certificates map secretName',
      'MailServer.spec.records set',
      'MailServer.spec.announcedCAs map name',
      'MailServer.spec.compromisedKeys set',
      'DNSProvider.spec.route53.hostedZoneIDs set',
      'DNSProvider.spec.zones set',
      'ClusterDNSProvider.spec.route53.hostedZoneIDs set',
      'ClusterDNSProvider.spec.zones set',
      'ClusterDNSProvider.spec.allow atomic',
      'ClusterDNSProvider.spec.allow[].namespaceSelector.matchExpressions atomic',
      'ClusterDNSProvider.spec.allow[].namespaceSelector.matchExpressions[].values atomic',
      'ClusterDNSProvider.spec.allow[].hostnames set',
    ]);
  });
});
