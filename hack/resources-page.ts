/** docs/resources.md, from the CustomResourceDefinitions: one section for each kind. */
import type { CustomResourceDefinition, Schema } from '../src/api/crd.ts';

/** One for each kind; a test applies them. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  MailServer: `apiVersion: tlsa-operator.io/v1alpha1
kind: MailServer
metadata:
  name: mx1
  namespace: mail
spec:
  hostnames: [mx1.example.nl]
  certificates:
    - secretName: mx1-tls
  providerRef:
    name: bind
`,
  DNSProvider: `apiVersion: tlsa-operator.io/v1alpha1
kind: DNSProvider
metadata:
  name: bind
  namespace: mail
spec:
  rfc2136:
    server: ns1.example.nl
    tsigKeyName: tlsa-operator
    tsigSecretRef:
      name: bind-tsig
      key: secret
`,
  ClusterDNSProvider: `apiVersion: tlsa-operator.io/v1alpha1
kind: ClusterDNSProvider
metadata:
  name: bind
spec:
  rfc2136:
    server: ns1.example.nl
    tsigKeyName: tlsa-operator
    tsigSecretRef: # in the namespace of the operator
      name: bind-tsig
      key: secret
  allow:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: mail
      hostnames: ['*.example.nl']
`,
};

const INTRODUCTION = `<!-- Made by \`make generate\` from src/api; change the schemas there. -->

# Resources

Everything that can be written in the objects of tlsa-operator, and everything that it reports in them. The API server refuses what breaks a
rule, with the rule's words. \`kubectl explain mailserver.spec\` says the same in a terminal.
`;

export function resourcesPage(definitions: readonly CustomResourceDefinition[]): string {
  return [INTRODUCTION, ...definitions.map(section)].join('\n');
}

function section({ spec: { group, names, scope, versions } }: CustomResourceDefinition): string {
  const [{ name: version, schema, additionalPrinterColumns: columns }] = versions;
  const { description = '', properties = {} } = schema.openAPIV3Schema;
  const wide = columns.filter(({ priority = 0 }) => priority > 0);
  const always = columns.filter((column) => !wide.includes(column));
  return `## ${names.kind}

${description}

\`${group}/${version}\`, ${scope === 'Cluster' ? 'cluster-scoped' : 'namespaced'}; short name \`${names.shortNames.join('`, `')}\`, category \`${names.categories.join('`, `')}\`.
\`kubectl get ${names.plural}\` shows ${columnNames(always)}${wide.length === 0 ? '' : `; with \`-o wide\` also ${columnNames(wide)}`}.

\`\`\`yaml
${EXAMPLES[names.kind] ?? ''}\`\`\`

### Spec of ${names.kind}

${table(properties['spec'])}
### Status of ${names.kind}

${table(properties['status'])}
The types of conditions: [conditions](conditions.md); their reasons: [troubleshooting](troubleshooting.md).
`;
}

const columnNames = (columns: readonly { readonly name: string }[]) => columns.map(({ name }) => name).join(', ');

interface Row {
  readonly path: string;
  readonly schema: Schema;
  readonly required: boolean;
}

function table(schema: Schema | undefined): string {
  if (schema === undefined) return '';
  const rules = rulesOf(schema).map((message) => `- ${message}\n`);
  const rows = rowsBelow(schema, '').map(
    ({ path, schema: field, required }) =>
      `| \`${path}\` | ${type(field)} | ${defaultOf(field, required)} | ${cell(meaning(field))} |\n`,
  );
  return [
    '| Field | Type | Default | Meaning |\n|---|---|---|---|\n',
    ...rows,
    ...(rules.length === 0 ? [] : ['\nOf the whole:\n\n', ...rules]),
  ].join('');
}

/** Depth first, a list of objects as `list[].field`. */
function rowsBelow(schema: Schema, prefix: string): Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const below = field.items === undefined ? rowsBelow(field, `${path}.`) : rowsBelow(field.items, `${path}[].`);
    return [{ path, schema: field, required: schema.required?.includes(name) === true }, ...below];
  });
}

function type(schema: Schema): string {
  if (schema.items !== undefined) return `list of ${type(schema.items)}`;
  if (schema.additionalProperties !== undefined) return `map of ${type(schema.additionalProperties)}`;
  if (schema.format === 'date-time') return 'time';
  return schema.type;
}

function defaultOf(schema: Schema, required: boolean): string {
  if (required) return 'required';
  return schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
}

/** Its description, what values it takes, and what the API server says of others. */
function meaning(schema: Schema): string {
  const element = schema.items ?? schema;
  const values = element.enum?.map((value) => `\`${value}\``).join(', ');
  const sentences = [
    ...(values === undefined ? [] : [`One of ${values}`]),
    ...bounds(schema),
    ...(schema.properties === undefined ? [...rulesOf(schema), ...rulesOf(schema.items)] : []),
  ];
  return [schema.description ?? '', ...sentences.map((sentence) => `${capitalized(sentence)}.`)].join(' ').trim();
}

function bounds({ type: kind, minimum, maximum, minItems = 0, maxItems }: Schema): string[] {
  if (kind === 'array' && maxItems !== undefined)
    return [minItems > 0 ? `${minItems} to ${maxItems} entries` : `At most ${maxItems} entries`];
  if (minimum !== undefined && maximum !== undefined && maximum < 2 ** 31 - 1) return [`From ${minimum} to ${maximum}`];
  return [];
}

function rulesOf(schema: Schema | undefined): string[] {
  return (schema?.['x-kubernetes-validations'] ?? []).map(({ message }) => message);
}

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
