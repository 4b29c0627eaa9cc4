/** The CustomResourceDefinitions, made from the schemas. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { KINDS, type Kind, type PrinterColumn } from './kinds.ts';
import { GROUP, VERSION } from './object.ts';
import type { CelRule } from './schema.ts';

/** Tells whether the definition that a cluster has is the one that this program was built with. */
export const SCHEMA_HASH_ANNOTATION = `${GROUP}/schema-hash`;

/** The part of an OpenAPI v3 structural schema that ours use. */
export interface Schema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly description?: string;
  readonly default?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly (string | number)[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly 'x-kubernetes-list-type'?: 'set' | 'map' | 'atomic';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic';
  readonly 'x-kubernetes-validations'?: readonly CelRule[];
}

export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly names: {
      readonly kind: string;
      readonly listKind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames: readonly string[];
      readonly categories: readonly string[];
    };
    readonly scope: Kind['scope'];
    readonly versions: readonly [
      {
        readonly name: string;
        readonly served: boolean;
        readonly storage: boolean;
        readonly subresources: { readonly status: Readonly<Record<string, never>> };
        readonly additionalPrinterColumns: readonly PrinterColumn[];
        readonly schema: { readonly openAPIV3Schema: Schema };
      },
    ];
  };
}

export function customResourceDefinitions(): CustomResourceDefinition[] {
  return KINDS.map((kind) => {
    const schema = objectSchema(kind);
    return {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: {
        name: `${kind.plural}.${GROUP}`,
        annotations: { [SCHEMA_HASH_ANNOTATION]: createHash('sha256').update(JSON.stringify(schema)).digest('hex') },
      },
      spec: {
        group: GROUP,
        names: {
          kind: kind.kind,
          listKind: `${kind.kind}List`,
          plural: kind.plural,
          singular: kind.kind.toLowerCase(),
          shortNames: [kind.shortName],
          categories: ['dane'],
        },
        scope: kind.scope,
        versions: [
          {
            name: VERSION,
            served: true,
            storage: true,
            subresources: { status: {} },
            additionalPrinterColumns: kind.columns,
            schema: { openAPIV3Schema: schema },
          },
        ],
      },
    };
  });
}

/** The schema hash of each definition by its name (`mailservers.tlsa-operator.io`), as this program was built. */
export function schemaHashes(): ReadonlyMap<string, string> {
  return new Map(
    customResourceDefinitions().map(({ metadata: { name, annotations } }) => [
      name,
      annotations[SCHEMA_HASH_ANNOTATION] ?? '',
    ]),
  );
}

function objectSchema(kind: Kind): Schema {
  return {
    type: 'object',
    description: kind.description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: { description: 'What is wanted.', ...openApi(kind.spec) },
      // A status from the start, which no generation has been observed for: else `helm --wait` takes a new object for a ready one.
      status: {
        description: 'How things stand.',
        default: { observedGeneration: -1 },
        ...openApi(kind.status),
      },
    },
  };
}

/** `io: 'input'` is what a user writes: a field with a default may be left out. */
function openApi(schema: z.ZodType): Schema {
  const jsonSchema = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    override: ({ jsonSchema }) => {
      // zod has no literal that is an integer; OpenAPI has.
      if (jsonSchema.type === 'number') jsonSchema.type = 'integer';
    },
  });
  return ordered(jsonSchema as Schema);
}

/** In the order in which a person reads: a field before what it holds. */
function ordered({ description, type, items, properties, ...others }: Schema): Schema {
  return {
    ...(description !== undefined && { description }),
    type,
    ...others,
    ...(items !== undefined && { items: ordered(items) }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, ordered(schema)])),
    }),
  };
}
