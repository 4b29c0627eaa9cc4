/** What the API server makes of our CRDs: each rule refuses with the sentence a person needs, and takes what is right. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXAMPLES } from '../../hack/resources-page.ts';
import type { MailServerStatus } from '../../src/api/mail-server-status.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { apply, field, kubectl, mustKubectl } from '../support/kubectl.ts';

type Fields = Readonly<Record<string, unknown>>;

const mailServer = (spec: Fields): Fields => ({
  apiVersion: 'tlsa-operator.io/v1alpha1',
  kind: 'MailServer',
  spec: {
    hostnames: ['mx1.example.nl'],
    certificates: [{ secretName: 'tls' }],
    providerRef: { name: 'bind' },
    ...spec,
  },
});
const rfc2136 = (fields: Fields = {}): Fields => ({
  rfc2136: {
    server: 'ns1.example.nl',
    tsigKeyName: 'tlsa-operator',
    tsigSecretRef: { name: 'tsig', key: 'secret' },
    ...fields,
  },
});
const dnsProvider = (spec: Fields): Fields => ({
  apiVersion: 'tlsa-operator.io/v1alpha1',
  kind: 'DNSProvider',
  spec,
});
const clusterDnsProvider = (spec: Fields): Fields => ({
  apiVersion: 'tlsa-operator.io/v1alpha1',
  kind: 'ClusterDNSProvider',
  spec: { ...rfc2136(), ...spec },
});
const allow = (entry: Fields): Fields =>
  clusterDnsProvider({ allow: [{ namespaceSelector: {}, hostnames: ['mx1.example.nl'], ...entry }] });

const hosts = (count: number) => Array.from({ length: count }, (_, index) => `mx${index}.example.nl`);
const longName = (length: number) => `${'a.'.repeat(100)}${'b'.repeat(length - 203)}.nl`;

const HOSTNAME =
  'write the full name of one MX host in lower case and without a final dot, as in mx1.example.nl: no wildcard, no IP address; an internationalized name as A-labels (xn--...)';
const PATTERN =
  'write the name of one host (mx1.example.nl) or of all below a name (*.example.nl), in lower case and without a final dot';
const OBJECT_NAME = 'lower-case letters, digits, hyphens and dots, beginning and ending with a letter or digit';
const durationFrom = (min: string, max: string) =>
  `write a duration from ${min} to ${max} in h, m, s and ms, as in 24h or 1h30m`;
const SERVER =
  'write host or host:port, as in ns1.example.nl, 192.0.2.53:5353 or [2001:db8::53]:53 (an IPv6 address stands in brackets)';
const KEY_NAME = 'write the name of the TSIG key as the name server has it: a DNS name, as in tlsa-operator';
const SELECTOR = 'In and NotIn need values; Exists and DoesNotExist take none';

/** Object, field, and what the API server says of it. */
const refused: readonly (readonly [Fields, string, string])[] = [
  ...[
    'MX1.example.nl',
    '*.example.nl',
    'mx1.example.nl.',
    'mx1',
    '192.0.2.1',
    'mx_1.example.nl',
    '-mx.example.nl',
    'mx1..example.nl',
    'bücher.example',
    `${'a'.repeat(64)}.nl`,
    '',
  ].map((name) => [mailServer({ hostnames: [name] }), 'spec.hostnames[0]', HOSTNAME] as const),
  [mailServer({ hostnames: [longName(244)] }), 'spec.hostnames[0]', 'may not be more than 243 bytes'],
  [mailServer({ hostnames: [] }), 'spec.hostnames', 'should have at least 1 items'],
  [mailServer({ hostnames: hosts(17) }), 'spec.hostnames', 'must have at most 16 items'],
  [mailServer({ hostnames: ['mx1.example.nl', 'mx1.example.nl'] }), 'spec.hostnames[1]', 'Duplicate value'],
  [mailServer({ hostnames: undefined }), 'spec.hostnames', 'Required value'],
  [
    mailServer({ hostnames: hosts(11), ports: [25, 465, 587] }),
    'spec',
    'hostnames x ports is more than 32: spread them over several MailServers',
  ],
  [mailServer({ ports: [26] }), 'spec.ports[0]', 'supported values: "25", "465", "587", "993", "995", "143", "110"'],
  [mailServer({ ports: [] }), 'spec.ports', 'should have at least 1 items'],
  [mailServer({ ports: [25, 25] }), 'spec.ports[1]', 'Duplicate value'],
  [mailServer({ certificates: [] }), 'spec.certificates', 'should have at least 1 items'],
  [mailServer({ certificates: undefined }), 'spec.certificates', 'Required value'],
  [mailServer({ certificates: [{}] }), 'spec.certificates[0].secretName', 'Required value'],
  [
    mailServer({ certificates: [1, 2, 3, 4, 5].map((n) => ({ secretName: `tls-${n}` })) }),
    'spec.certificates',
    'must have at most 4 items',
  ],
  [
    mailServer({ certificates: [{ secretName: 'tls' }, { secretName: 'tls' }] }),
    'spec.certificates[1]',
    'Duplicate value',
  ],
  ...['TLS', 'mx_tls', '-tls', 'tls.', 'mail/tls', ''].map(
    (secretName) =>
      [
        mailServer({ certificates: [{ secretName }] }),
        'spec.certificates[0].secretName',
        `write the name of a Secret: ${OBJECT_NAME}`,
      ] as const,
  ),
  [
    mailServer({ certificates: [{ secretName: 'a'.repeat(254) }] }),
    'spec.certificates[0].secretName',
    'may not be more than 253 bytes',
  ],
  [mailServer({ providerRef: undefined }), 'spec.providerRef', 'Required value'],
  [mailServer({ providerRef: {} }), 'spec.providerRef.name', 'Required value'],
  [
    mailServer({ providerRef: { name: 'Bind' } }),
    'spec.providerRef.name',
    `write the name of a DNSProvider or ClusterDNSProvider: ${OBJECT_NAME}`,
  ],
  [
    mailServer({ providerRef: { kind: 'Provider', name: 'bind' } }),
    'spec.providerRef.kind',
    'supported values: "DNSProvider", "ClusterDNSProvider"',
  ],
  [mailServer({ ttlSeconds: 59 }), 'spec.ttlSeconds', 'should be greater than or equal to 60'],
  [mailServer({ ttlSeconds: 86401 }), 'spec.ttlSeconds', 'should be less than or equal to 86400'],
  [
    mailServer({ records: ['2 1 1'] }),
    'spec.records',
    "'3 1 1' (the certificate's own key) is always published: write ['3 1 1'] or ['3 1 1', '2 1 1']",
  ],
  [mailServer({ records: ['3 1 1', '3 0 1'] }), 'spec.records[1]', 'supported values: "3 1 1", "2 1 1"'],
  [mailServer({ records: ['3 1 1', '3 1 1'] }), 'spec.records[1]', 'Duplicate value'],
  [mailServer({ adoption: 'Take' }), 'spec.adoption', 'supported values: "Keep", "Adopt"'],
  [mailServer({ deletion: 'Drop' }), 'spec.deletion', 'supported values: "Withdraw", "Retain"'],
  ...['59s', '720h1s', '1d', '2w', '-5m', '90', '', '1.h', '24 h', '1h 30m'].map(
    (retireAfter) =>
      [mailServer({ rollover: { retireAfter } }), 'spec.rollover.retireAfter', durationFrom('1m', '720h')] as const,
  ),
  [
    mailServer({ rollover: { retireAfter: '1s'.repeat(17) } }),
    'spec.rollover.retireAfter',
    'may not be more than 32 bytes',
  ],
  ...['59s', '24h1ms', '5x'].map(
    (interval) =>
      [mailServer({ verification: { interval } }), 'spec.verification.interval', durationFrom('1m', '24h')] as const,
  ),
  [
    mailServer({ verification: { dnssec: 'No' } }),
    'spec.verification.dnssec',
    'supported values: "Require", "Warn", "Off"',
  ],
  [mailServer({ verification: { probe: 'No' } }), 'spec.verification.probe', 'supported values: "Enabled", "Disabled"'],

  [dnsProvider({}), 'spec', 'name exactly one provider: rfc2136'],
  ...['ns1.example.nl:', 'ns1.example.nl:0', 'ns1.example.nl:65536', '2001:db8::53', 'dns://ns1', 'ns 1', ''].map(
    (server) => [dnsProvider(rfc2136({ server })), 'spec.rfc2136.server', SERVER] as const,
  ),
  [dnsProvider(rfc2136({ server: 'a'.repeat(261) })), 'spec.rfc2136.server', 'may not be more than 260 bytes'],
  [dnsProvider(rfc2136({ server: undefined })), 'spec.rfc2136.server', 'Required value'],
  ...['tlsa operator', '.', 'a..b', ''].map(
    (tsigKeyName) => [dnsProvider(rfc2136({ tsigKeyName })), 'spec.rfc2136.tsigKeyName', KEY_NAME] as const,
  ),
  [
    dnsProvider(rfc2136({ tsigKeyName: 'a'.repeat(254) })),
    'spec.rfc2136.tsigKeyName',
    'may not be more than 253 bytes',
  ],
  [dnsProvider(rfc2136({ tsigKeyName: undefined })), 'spec.rfc2136.tsigKeyName', 'Required value'],
  [
    dnsProvider(rfc2136({ tsigAlgorithm: 'hmac-md5' })),
    'spec.rfc2136.tsigAlgorithm',
    'supported values: "hmac-sha256", "hmac-sha384", "hmac-sha512"',
  ],
  [dnsProvider(rfc2136({ tsigSecretRef: undefined })), 'spec.rfc2136.tsigSecretRef', 'Required value'],
  [dnsProvider(rfc2136({ tsigSecretRef: { name: 'tsig' } })), 'spec.rfc2136.tsigSecretRef.key', 'Required value'],
  [
    dnsProvider(rfc2136({ tsigSecretRef: { name: 'Tsig', key: 'secret' } })),
    'spec.rfc2136.tsigSecretRef.name',
    `write the name of a Secret: ${OBJECT_NAME}`,
  ],
  [
    dnsProvider(rfc2136({ tsigSecretRef: { name: 'tsig', key: 'a/b' } })),
    'spec.rfc2136.tsigSecretRef.key',
    'write a key of the Secret: letters, digits, hyphens, underscores and dots',
  ],

  [clusterDnsProvider({}), 'spec.allow', 'Required value'],
  [clusterDnsProvider({ rfc2136: undefined, allow: [] }), 'spec', 'name exactly one provider: rfc2136'],
  ...['*', '*.', '*.nl.', 'mx*.example.nl', 'a.*.example.nl', 'Mx1.example.nl', 'mx1', '*.192.0.2.1', ''].map(
    (pattern) => [allow({ hostnames: [pattern] }), 'spec.allow[0].hostnames[0]', PATTERN] as const,
  ),
  [allow({ hostnames: [longName(244)] }), 'spec.allow[0].hostnames[0]', 'may not be more than 243 bytes'],
  [allow({ hostnames: [] }), 'spec.allow[0].hostnames', 'should have at least 1 items'],
  [allow({ hostnames: hosts(17) }), 'spec.allow[0].hostnames', 'must have at most 16 items'],
  [allow({ hostnames: ['*.nl', '*.nl'] }), 'spec.allow[0].hostnames[1]', 'Duplicate value'],
  [allow({ hostnames: undefined }), 'spec.allow[0].hostnames', 'Required value'],
  [allow({ namespaceSelector: undefined }), 'spec.allow[0].namespaceSelector', 'Required value'],
  [
    clusterDnsProvider({ allow: Array(129).fill({ namespaceSelector: {}, hostnames: ['*.nl'] }) }),
    'spec.allow',
    'must have at most 128 items',
  ],
  ...[
    { key: 'team', operator: 'In' },
    { key: 'team', operator: 'NotIn', values: [] },
    { key: 'team', operator: 'Exists', values: ['mail'] },
  ].map(
    (expression) =>
      [
        allow({ namespaceSelector: { matchExpressions: [expression] } }),
        'spec.allow[0].namespaceSelector.matchExpressions[0]',
        SELECTOR,
      ] as const,
  ),
  [
    allow({ namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'Gt', values: ['1'] }] } }),
    'spec.allow[0].namespaceSelector.matchExpressions[0].operator',
    'supported values: "In", "NotIn", "Exists", "DoesNotExist"',
  ],
];

const accepted: readonly (readonly [string, Fields])[] = [
  ['the longest host name', mailServer({ hostnames: [longName(243)] })],
  ['an internationalized host name', mailServer({ hostnames: ['xn--bcher-kva.example', '1-2.3.nl'] })],
  ['32 owners', mailServer({ hostnames: hosts(16), ports: [25, 465] })],
  ['every port', mailServer({ ports: [25, 465, 587, 993, 995, 143, 110] })],
  ['four certificates', mailServer({ certificates: ['a', 'b', 'c', 'd.e-f'].map((secretName) => ({ secretName })) })],
  [
    'the lowest bounds',
    mailServer({ ttlSeconds: 60, rollover: { retireAfter: '1m' }, verification: { interval: '60s' } }),
  ],
  [
    'the highest bounds',
    mailServer({ ttlSeconds: 86400, rollover: { retireAfter: '720h' }, verification: { interval: '24h' } }),
  ],
  ['a duration of several units', mailServer({ rollover: { retireAfter: '1h30m0.5s1ms' } })],
  ['3 1 1 alone', mailServer({ records: ['3 1 1'] })],
  ['"Off" between quotes', mailServer({ verification: { dnssec: 'Off' } })],
  ...['ns1', 'ns1.example.nl:65535', '192.0.2.53:5353', '[2001:db8::53]', '[2001:db8::53]:53'].map(
    (server) => [`server ${server}`, dnsProvider(rfc2136({ server }))] as const,
  ),
  ...['tlsa-operator', 'Key.example.nl.', 'host1-host2._tsig'].map(
    (tsigKeyName) => [`TSIG key ${tsigKeyName}`, dnsProvider(rfc2136({ tsigKeyName }))] as const,
  ),
  ['nobody', clusterDnsProvider({ allow: [] })],
  ...['mx1.example.nl', '*.example.nl', '*.nl'].map((name) => [`allow ${name}`, allow({ hostnames: [name] })] as const),
  ['a selector by labels', allow({ namespaceSelector: { matchLabels: { team: 'mail' } } })],
  [
    'a selector by expressions',
    allow({
      namespaceSelector: {
        matchExpressions: [
          { key: 'team', operator: 'NotIn', values: ['web'] },
          { key: 'mail', operator: 'Exists' },
        ],
      },
    }),
  ],
];

let cluster: ControlPlane;
const CREATED = 'created';
/** What kubectl says of each object, by its name. */
let said: ReadonlyMap<string, string>;

beforeAll(async () => {
  cluster = await startControlPlane();
  await mustKubectl(cluster.kubeconfigPath, 'apply', '--server-side', '-k', join(import.meta.dirname, '../../crds'));
  await mustKubectl(cluster.kubeconfigPath, 'wait', 'crd', '--all', '--for=condition=Established', '--timeout=30s');
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
      ...Array<string>(3).fill('Established=True'),
      ...Array<string>(3).fill('NamesAccepted=True'),
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

  test('Off without quotes, which YAML reads as a boolean', async () => {
    const manifest = `${EXAMPLES['MailServer'] ?? ''}  verification:\n    dnssec: Off\n`;
    await expect(apply(cluster.kubeconfigPath, manifest)).rejects.toThrow('.spec.verification.dnssec: expected string');
  });
});

describe('accepted', () => {
  test.each(accepted.map(([title], index) => [title, index] as const))('%s', (_, index) => {
    expect(said.get(`object-${refused.length + index}`)).toBe(CREATED);
  });
});

describe('filled in', () => {
  test('the defaults of a MailServer, and a status that nobody has observed', async () => {
    await apply(cluster.kubeconfigPath, EXAMPLES['MailServer'] ?? '');
    const read = async (path: string) =>
      JSON.parse(await field(cluster.kubeconfigPath, 'mail', 'mxs/mx1', path)) as unknown;
    expect(await read('{.spec}')).toEqual({
      hostnames: ['mx1.example.nl'],
      ports: [25],
      certificates: [{ secretName: 'mx1-tls' }],
      providerRef: { kind: 'DNSProvider', name: 'bind' },
      ttlSeconds: 3600,
      records: ['3 1 1', '2 1 1'],
      publish: true,
      adoption: 'Keep',
      deletion: 'Withdraw',
      suspend: false,
      rollover: { retireAfter: '24h' },
      verification: { dnssec: 'Require', probe: 'Enabled', interval: '1h' },
    });
    expect(await read('{.status}')).toEqual({ observedGeneration: -1 });
  });

  test('what is left out of rollover and verification', async () => {
    const manifest = {
      ...mailServer({ rollover: {}, verification: { probe: 'Disabled' } }),
      metadata: { name: 'mx2' },
    };
    await apply(cluster.kubeconfigPath, JSON.stringify(manifest));
    expect(await field(cluster.kubeconfigPath, 'default', 'mxs/mx2', '{.spec.rollover}{.spec.verification}')).toBe(
      '{"retireAfter":"24h"}{"dnssec":"Require","interval":"1h","probe":"Disabled"}',
    );
  });

  test.each([
    ['DNSProvider', 'dnsp/bind'],
    ['ClusterDNSProvider', 'cdnsp/bind'],
  ])('the algorithm and the status of a %s', async (kind, object) => {
    await apply(cluster.kubeconfigPath, EXAMPLES[kind] ?? '');
    expect(await field(cluster.kubeconfigPath, 'mail', object, '{.spec.rfc2136.tsigAlgorithm} {.status}')).toBe(
      'hmac-sha256 {"observedGeneration":-1}',
    );
  });
});

const since = '2026-11-22T14:00:00Z';
const condition = (type: string, reason: string) => ({
  type,
  status: 'True' as const,
  observedGeneration: 1,
  lastTransitionTime: since,
  reason,
  message: 'it is so',
});
const key = 'ab'.repeat(32);

/** Everything that a status can hold. */
const status: MailServerStatus = {
  observedGeneration: 1,
  lastHandledReconcileAt: 'now',
  conditions: [
    condition('Ready', 'Published'),
    condition('DNSSECSecure', 'Secure'),
    condition('ServingMatches', 'AllMatch'),
  ],
  certificates: [
    {
      secretName: 'mx1-tls',
      mode: 'Observe',
      chains: [
        {
          spkiSHA256: key,
          caSPKISHA256s: [key],
          keyAlgorithm: 'ECDSA',
          names: ['mx1.example.nl', '*.example.nl'],
          notBefore: since,
          notAfter: since,
          state: 'Former',
          since,
          notSeenSince: since,
        },
      ],
    },
  ],
  recordSets: [
    {
      owner: '_25._tcp.mx1.example.nl',
      zone: 'example.nl',
      ttlSeconds: 3600,
      records: [
        { data: `3 1 1 ${key}`, role: 'Serving' },
        { data: `3 0 0 ${'00'.repeat(4096)}`, role: 'Foreign' },
      ],
      intent: { add: [`3 1 1 ${key}`], remove: [`2 1 1 ${key}`], ttlSeconds: 3600, since },
      versions: [{ n: 1, kind: 'Unknown', records: [], ttlSeconds: 0, writtenAt: since }],
    },
  ],
  endpoints: {
    total: 2,
    matching: 0,
    failing: [
      { hostname: 'mx1.example.nl', address: '2001:db8::25', port: 25, keyAlgorithm: 'RSA', spkiSHA256: key, since },
      { hostname: 'mx1.example.nl', address: '192.0.2.25', port: 25, keyAlgorithm: 'RSA', error: 'refused', since },
    ],
  },
  rollover: { step: 'Retiring', until: '2026-11-23T14:00:00Z', reason: 'a former certificate is kept' },
};

describe('status', () => {
  const patch = (of: Fields) => {
    const args = ['patch', 'mxs/mx1', '--namespace=mail', '--subresource=status', '--type=merge'];
    return kubectl(cluster.kubeconfigPath, ...args, `--patch=${JSON.stringify({ status: of })}`);
  };

  test('it keeps every field that the program writes, and the columns show it', async () => {
    expect(await patch({ ...status })).toMatchObject({ code: 0 });
    const stored = await field(cluster.kubeconfigPath, 'mail', 'mxs/mx1', '{.status}');
    expect(JSON.parse(stored)).toEqual(status);
    const [header, row] = (
      await mustKubectl(cluster.kubeconfigPath, 'get', 'mxs/mx1', '--namespace=mail', '--output=wide')
    ).split('\n');
    expect(header?.split(/ +/)).toEqual([
      'NAME',
      'READY',
      'REASON',
      'DNSSEC',
      'SERVING',
      'ROLLOVER',
      'UNTIL',
      'HOSTNAMES',
      'TTL',
      'PROVIDER',
      'AGE',
    ]);
    expect(row?.split(/ +/).slice(0, -1)).toEqual([
      'mx1',
      'True',
      'Published',
      'True',
      'True',
      'Retiring',
      '2026-11-23T14:00:00Z',
      '["mx1.example.nl"]',
      '3600',
      'bind',
    ]);
  });

  test.each([
    ['a reason of two words', { conditions: [condition('Ready', 'All good')] }, 'status.conditions[0].reason'],
    ['a type with a blank', { conditions: [condition('Rea dy', 'Published')] }, 'status.conditions[0].type'],
    ['a type twice', { conditions: [condition('Ready', 'A'), condition('Ready', 'B')] }, 'status.conditions[1]'],
    ['a time that is none', { rollover: { step: 'Idle', reason: '', until: 'soon' } }, 'status.rollover.until'],
  ])('%s is refused', async (_, wrong, where) => {
    const { code, stderr } = await patch(wrong);
    expect(code).toBe(1);
    expect(stderr).toContain(`${where}: `);
  });
});
