/** What the API server fills in, what it keeps of a status, and what `kubectl get` shows. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { EXAMPLES } from '../../hack/resources-page.ts';
import type { MailServerStatus } from '../../src/api/mail-server-status.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { apply, field, kubectl, mustKubectl } from '../support/kubectl.ts';
import { mailServer, type Fields } from './crd-cases.ts';

let cluster: ControlPlane;

beforeAll(async () => {
  cluster = await startControlPlane();
  await mustKubectl(cluster.kubeconfigPath, 'apply', '--server-side', '-k', join(import.meta.dirname, '../../crds'));
  await mustKubectl(cluster.kubeconfigPath, 'wait', 'crd', '--all', '--for=condition=Established', '--timeout=240s');
  await mustKubectl(cluster.kubeconfigPath, 'create', 'namespace', 'mail');
});

afterAll(() => cluster.stop());

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
      announcedCAs: [],
      compromisedKeys: [],
      publish: true,
      adoption: 'Keep',
      deletion: 'Withdraw',
      suspend: false,
      rollover: { waitTTLs: 2, retireAfter: '24h', deadlineBeforeExpiry: '72h', onDeadline: 'Release' },
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
      '{"deadlineBeforeExpiry":"72h","onDeadline":"Release","retireAfter":"24h","waitTTLs":2}{"dnssec":"Require","interval":"1h","probe":"Disabled"}',
    );
  });

  test.each([
    ['DNSProvider', 'dnsp/bind'],
    ['ClusterDNSProvider', 'cdnsp/bind'],
  ])('the algorithm, the zones and the status of a %s', async (kind, object) => {
    await apply(cluster.kubeconfigPath, EXAMPLES[kind] ?? '');
    expect(
      await field(cluster.kubeconfigPath, 'mail', object, '{.spec.rfc2136.tsigAlgorithm} {.spec.zones} {.status}'),
    ).toBe('hmac-sha256 [] {"observedGeneration":-1}');
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
      mode: 'Promote',
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
      candidate: { stage: 'Waiting', reason: 'WaitingForCaches', gateOpensAt: since },
      renewalBegan: since,
      servingMissingSince: since,
    },
  ],
  recordSets: [
    {
      provider: 'DNSProvider/bind',
      owner: '_25._tcp.mx1.example.nl',
      zone: 'example.nl',
      ttlSeconds: 3600,
      records: [
        { data: `3 1 1 ${key}`, role: 'Serving' },
        { data: `3 0 0 ${'00'.repeat(4096)}`, role: 'Foreign' },
      ],
      intent: { add: [`3 1 1 ${key}`], remove: [`2 1 1 ${key}`], ttlSeconds: 3600, since },
      versions: [
        { n: 1, kind: 'Unknown', records: [], ttlSeconds: 0, waitSeconds: 86400, writtenAt: since, rrsigExpiry: since },
        {
          n: 2,
          kind: 'Written',
          records: [],
          ttlSeconds: 0,
          serial: 2 ** 32 - 1,
          writtenAt: since,
          supersededAt: since,
        },
      ],
      goneNameServers: [{ name: 'ns1.example.nl', until: since }],
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
  safeToStopAt: since,
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
