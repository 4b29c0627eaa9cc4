/** What the API server makes of our CRDs: each rule refuses with the sentence a person needs, and takes what is right. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS } from '../../src/api/kinds.ts';
import { EXAMPLES } from '../../hack/resources-page.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { apply, kubectl, mustKubectl } from '../support/kubectl.ts';
import { accepted, mailServer, refused, type Fields } from './crd-cases.ts';

let cluster: ControlPlane;
const CREATED = 'created';
/** What kubectl says of each object, by its name. */
let said: ReadonlyMap<string, string>;

beforeAll(async () => {
  cluster = await startControlPlane();
  await mustKubectl(cluster.kubeconfigPath, 'apply', '--server-side', '-k', join(import.meta.dirname, '../../crds'));
  await mustKubectl(cluster.kubeconfigPath, 'wait', 'crd', '--all', '--for=condition=Established', '--timeout=240s');
  await mustKubectl(cluster.kubeconfigPath, 'create', 'namespace', 'mail');
  said = await dryRun([...refused.map(([object]) => object), ...accepted.map(([, object]) => object)]);
});

afterAll(() => cluster.stop());

/** One call of kubectl for all objects: it goes on after one that is refused. */
async function dryRun(objects: readonly Fields[]): Promise<Map<string, string>> {
  const items = objects.map((object, index) => ({ ...object, metadata: { name: `object-${index}` } }));
  const path = join(cluster.dataDir, 'objects.json');
  writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  // kubectl itself looks for missing fields only; what is asked here is what the API server says.
  const args = ['create', '--dry-run=server', '--validate=false', `--filename=${path}`];
  const { stdout, stderr } = await kubectl(cluster.kubeconfigPath, ...args);
  const taken = stdout.matchAll(/\/(object-\d+) created/g);
  const refusals = stderr.matchAll(/"(object-\d+)" is invalid: (.*)$/gm);
  return new Map([
    ...[...taken].map(([, name = '']) => [name, CREATED] as const),
    ...[...refusals].map(([, name = '', words = '']) => [name, withoutNote(words)] as const),
  ]);
}

/** Where a bound is broken, the API server adds that it did not look at the rules. */
function withoutNote(words: string): string {
  return words.replace(/^\[(.*), <nil>: Invalid value: null: some validation rules were not checked .*\]$/, '$1');
}

describe('installation', () => {
  test('the API server has nothing to say against the definitions', async () => {
    const types = '{range .items[*].status.conditions[*]}{.type}={.status} {end}';
    const conditions = await mustKubectl(cluster.kubeconfigPath, 'get', 'crd', `--output=jsonpath=${types}`);
    expect(conditions.trim().split(' ').sort()).toEqual([
      ...Array<string>(KINDS.length).fill('Established=True'),
      ...Array<string>(KINDS.length).fill('NamesAccepted=True'),
    ]);
  });

  test.each([
    ['mxs', 'mailservers'],
    ['dnsp', 'dnsproviders'],
    ['cdnsp', 'clusterdnsproviders'],
  ])('%s is short for %s, and all are in category dane', async (short, plural) => {
    const resources = await mustKubectl(cluster.kubeconfigPath, 'api-resources', '--categories=dane', '--no-headers');
    expect(resources).toMatch(new RegExp(`^${plural} +${short} `, 'm'));
  });

  test.each(Object.entries(EXAMPLES))('the example of %s in docs/resources.md is accepted', async (_, example) => {
    await expect(apply(cluster.kubeconfigPath, example, '--dry-run=server')).resolves.toMatch(/applied/);
  });
});

describe('refused', () => {
  test.each(refused.map(([object, where, words], index) => ({ index, kind: object['kind'], where, words })))(
    '$kind $where: $words ($index)',
    ({ index, where, words }) => {
      const told = said.get(`object-${index}`);
      expect(told).toContain(words);
      // This field and no other: one mistake, one complaint.
      expect(told?.match(/(?<=^|, )spec\S*(?=: )/g)).toEqual([where]);
    },
  );

  test('an unknown field is named', async () => {
    const manifest = JSON.stringify({ ...mailServer({ hostname: 'mx1.example.nl' }), metadata: { name: 'typo' } });
    await expect(apply(cluster.kubeconfigPath, manifest)).rejects.toThrow(
      '.spec.hostname: field not declared in schema',
    );
  });
});

describe('accepted', () => {
  test.each(accepted.map(([title], index) => [title, index] as const))('%s', (_, index) => {
    expect(said.get(`object-${refused.length + index}`)).toBe(CREATED);
  });
});
