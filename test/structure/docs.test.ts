/** The documentation says what is so: links lead somewhere, examples are accepted, and every word that a user can meet is explained. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { customResourceDefinitions, type Schema } from '../../src/api/crd.ts';
import { KINDS } from '../../src/api/kinds.ts';
import { API_VERSION } from '../../src/api/object.ts';
import { generate } from '../../src/cli/generate.ts';
import { match } from '../../src/cli/match.ts';
import { run } from '../../src/cli/run.ts';
import { stalled, transient } from '../../src/core/errors.ts';
import { TOPICS } from '../../src/core/reasons.ts';
import { createMetrics } from '../../src/observe/metrics.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const files = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => `${folder}/${path}`);

const pages = [...readdirSync(root).filter((name) => name.endsWith('.md')), ...files('docs', '.md')];

/** What stands between backticks, and in fences. */
function codeIn(markdown: string): string[] {
  const fences = fencesIn(markdown).map(({ text }) => text);
  return [...fences, ...[...markdown.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text)];
}

function fencesIn(markdown: string): { language: string; text: string }[] {
  return [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({ language, text }));
}

const codes = Object.values(TOPICS).flatMap((reasons) => Object.keys(reasons));

test('docs/troubleshooting.md has a row for every reason', () => {
  const rows = [...read('docs/troubleshooting.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code);
  expect(rows).toContain('SecretNotFound');
  expect(rows).toEqual(codes);
});

test('a reason stands once, and something has it', () => {
  const source = files('src', '.ts')
    .filter((path) => !path.startsWith('src/core/reasons'))
    .map(read)
    .join('\n');
  const used = new Set([...source.matchAll(/'([A-Z]\w+)'|^ {2}([A-Z]\w+):/gm)].flatMap(([, text, key]) => text ?? key));
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes.filter((code) => !used.has(code))).toEqual([]);
});

/** The compiler sees to this; `make check` runs it. */
test('a word that is no reason, or not one of this kind, is no error code', () => {
  // @ts-expect-error there is no such reason
  expect(stalled('SecretNotFuond', '').kind).toBe('Stalled');
  // @ts-expect-error a Secret that is missing is waited for
  expect(stalled('SecretNotFound', '').kind).toBe('Stalled');
  // @ts-expect-error a person must act
  expect(transient('OwnerConflict', '').kind).toBe('Transient');
  expect([stalled('CredentialNotFound', '').kind, transient('CredentialNotFound', '').kind]).toEqual([
    'Stalled',
    'Transient',
  ]);
});

test('every metric is in docs/metrics.md', async () => {
  const page = read('docs/metrics.md');
  const metrics = await createMetrics().registry.getMetricsAsJSON();
  const names = metrics.map(({ name }) => name);
  expect(names).toContain('tlsa_operator_probe_total');
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('every option is in docs/cli.md', () => {
  const page = read('docs/cli.md');
  for (const { options } of [run, generate, match]) {
    const forms = Object.entries(options).map(([name, { short }]) =>
      short === undefined ? `\`--${name}` : `\`-${short}`,
    );
    expect(forms.filter((form) => !page.includes(form))).toEqual([]);
  }
});

test.each(pages)('%s: every link leads somewhere', (page) => {
  const targets = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const broken = targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : relative(root, join(root, dirname(page), path));
      return !existsSync(join(root, file)) || (anchor !== undefined && !anchorsOf(read(file)).includes(anchor));
    });
  expect(broken).toEqual([]);
});

/** As GitHub makes them from headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test.each(pages)('%s: every file and folder that it names is there', (page) => {
  const named = [...read(page).matchAll(/`((?:test|src|docs|hack|deploy|charts|examples|crds)\/[\w./-]+)`/g)];
  expect(named.map(([, path = '']) => path).filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test.each(['The factsheet, step by step', 'What shows it'])(
  'docs/rollover.md, "%s": is a test of that title',
  (heading) => {
    const [, table = ''] = new RegExp(`## ${heading}\\n(.*?)\\n## `, 's').exec(read('docs/rollover.md')) ?? [];
    const tests = table.split('\n').flatMap((row) => [...row.matchAll(/`(test\/[^`]+)`(?:: ((?:"[^"]+"(?:, )?)+))?/g)]);
    const titles = tests.flatMap(([, path = '', told = '']) =>
      [...told.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ path, title })),
    );
    expect(titles.length).toBeGreaterThan(5);
    expect(titles.filter(({ path, title }) => !read(path).includes(`'${title}'`))).toEqual([]);
    const promises = table
      .split('\n')
      .filter((row) => row.startsWith('| '))
      .slice(2);
    expect(promises.filter((row) => !row.includes('`test/') && !row.includes('| nothing: '))).toEqual([]);
  },
);

test.each(pages)('%s: every make target exists', (page) => {
  const targets = [...read('Makefile').matchAll(/^([a-z][a-z-]*):/gm)].map(([, name = '']) => name);
  const named = codeIn(read(page)).flatMap((code) =>
    [...code.matchAll(/(?:^|[\s;&])make ([a-z][a-z-]*)/g)].map(([, name = '']) => name),
  );
  expect(named.filter((name) => !targets.includes(name))).toEqual([]);
});

const examples = pages.flatMap((page) =>
  fencesIn(read(page))
    .filter(({ language }) => language === 'yaml')
    .flatMap(({ text }) => parseAllDocuments(text))
    .map((document) => document.toJS() as Example)
    .filter(({ apiVersion }) => apiVersion.startsWith('tlsa-operator.io'))
    .map((example) => [page, example.kind, example] as const),
);

interface Example {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
  readonly spec?: unknown;
}

test('there are examples of every kind', () => {
  expect(new Set(examples.map(([, kind]) => kind))).toEqual(new Set(KINDS.map(({ kind }) => kind)));
});

test.each(examples)('%s: the example of a %s is accepted', (_page, name, example) => {
  const kind = KINDS.find((one) => one.kind === name);
  expect(example.apiVersion).toBe(API_VERSION);
  expect(example.metadata?.name).toBeDefined();
  expect(example.metadata?.namespace === undefined).toBe(kind?.scope === 'Cluster');
  expect(kind?.spec.safeParse(example.spec).error?.issues ?? []).toEqual([]);
  expect(refusedBy(specSchema(name), example.spec)).toEqual([]);
});

describe('an example is refused for', () => {
  const spec = {
    hostnames: ['mx1.example.nl'],
    certificates: [{ secretName: 'mx1-tls' }],
    providerRef: { name: 'bind' },
  };
  test.each([
    ['a field that there is not', { ...spec, verification: { probes: 'Off' } }, 'spec.verification.probes'],
    ['a text of another form', { ...spec, hostnames: ['MX1.example.nl'] }, 'spec.hostnames.0'],
    [
      'a field inside a list',
      { ...spec, certificates: [{ secretName: 'a', mode: 'Gate' }] },
      'spec.certificates.0.mode',
    ],
  ])('%s', (_what, wrong, where) => {
    expect(refusedBy(specSchema('MailServer'), wrong)).toEqual([where]);
  });
});

function specSchema(kind: string): Schema | undefined {
  const definition = customResourceDefinitions().find(({ spec }) => spec.names.kind === kind);
  return definition?.spec.versions[0].schema.openAPIV3Schema.properties?.['spec'];
}

/** What zod lets pass and the API server does not: fields that there are not (zod drops them), and the form of texts (a CEL rule). */
function refusedBy(schema: Schema | undefined, value: unknown, path = 'spec'): string[] {
  if (schema === undefined) return [path];
  if (Array.isArray(value)) return value.flatMap((item, index) => refusedBy(schema.items, item, `${path}.${index}`));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, field]) =>
      refusedBy(schema.properties?.[name] ?? schema.additionalProperties, field, `${path}.${name}`),
    );
  }
  const forms = (schema['x-kubernetes-validations'] ?? []).flatMap(
    ({ rule }) => /^self\.matches\(r'(.+?)'\)/.exec(rule)?.[1] ?? [],
  );
  return forms.every((form) => new RegExp(form).test(String(value))) ? [] : [path];
}
