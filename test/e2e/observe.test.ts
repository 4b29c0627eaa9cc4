/**
 * Mode Observe from the first certificate to the deletion, on real parts: cert-manager issues, Postfix serves, BIND publishes, and at each
 * stage two strangers judge: Postfix as a sender of mail, through a resolver that caches, and OpenSSL with what the primary holds.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { renewCertificate } from '../support/cert-manager.ts';
import { opensslDane, posttlsFinger } from '../support/dane-judges.ts';
import { createIssuingCA, issueCertificate } from '../support/issuing-ca.ts';
import { apply, field } from '../support/kubectl.ts';
import { writeSecretFiles } from '../support/operator.ts';
import { makeLeaf } from '../support/pki.ts';
import { startPostfix, type PostfixServer, type ServedCertificate } from '../support/postfix.ts';
import { eventually } from '../support/process.ts';
import { SENDERS_RESOLVER, startSite, type Site } from '../support/site.ts';
import { opensslSPKI } from '../support/openssl.ts';

const NAMESPACE = 'mail';
const HOST = 'mx1.example.nl';
const OWNER = `_25._tcp.${HOST}`;
const ADDRESS = '10.53.1.10';

let site: Site;
let postfix: PostfixServer | undefined;
beforeAll(async () => {
  site = await startSite({ certManager: true, records: [{ name: HOST, type: 'A', data: ADDRESS }] });
  await site.startOperator();
  await site.kubectl('create', 'namespace', NAMESPACE);
  await createIssuingCA(site.kubeconfig, NAMESPACE);
});
afterAll(async () => {
  await postfix?.stop();
  await site.stop();
});

const provider = () => {
  const { name, algorithm, secret } = site.chain.tsigKey;
  const items = [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'tsig' }, stringData: { key: secret } },
    {
      apiVersion: 'tlsa-operator.io/v1alpha1',
      kind: 'DNSProvider',
      metadata: { name: 'bind' },
      spec: {
        rfc2136: {
          server: site.chain.primary.address,
          tsigKeyName: name,
          tsigAlgorithm: algorithm,
          tsigSecretRef: { name: 'tsig', key: 'key' },
        },
      },
    },
  ];
  return { apiVersion: 'v1', kind: 'List', items };
};

const mailServer = {
  apiVersion: 'tlsa-operator.io/v1alpha1',
  kind: 'MailServer',
  metadata: { name: 'mx1' },
  spec: {
    hostnames: [HOST],
    certificates: [{ secretName: 'mx1-tls' }],
    providerRef: { name: 'bind' },
    ttlSeconds: 60,
    rollover: { retireAfter: '1m' },
  },
};

const create = (object: object) => apply(site.kubeconfig, JSON.stringify(object), `--namespace=${NAMESPACE}`);

/** `status reason` of a condition. */
async function condition(type: string): Promise<string> {
  const path = `{range .status.conditions[?(@.type=="${type}")]}{.status} {.reason}{end}`;
  return field(site.kubeconfig, NAMESPACE, 'mailserver/mx1', path);
}

const until = (type: string, wanted: string) =>
  eventually(`${type} is ${wanted}`, async () => (await condition(type)) === wanted);

const step = (name: string) =>
  eventually(
    `the rollover is ${name}`,
    async () => (await field(site.kubeconfig, NAMESPACE, 'mailserver/mx1', '{.status.rollover.step}')) === name,
  );

async function records(): Promise<string[]> {
  const answer = await site.chain.dig('+short', '+norec', OWNER, 'TLSA');
  return answer
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

/** The files that a pod would see now. */
async function certificateFiles(): Promise<ServedCertificate> {
  const data = await field(site.kubeconfig, NAMESPACE, 'secret/mx1-tls', '{.data}');
  return writeSecretFiles(join(site.dir, 'mounted'), JSON.parse(data) as Record<string, string>);
}

/** What the `3 1 1` of the certificate in the Secret holds. */
async function keyInSecret(): Promise<string> {
  const encoded = await field(site.kubeconfig, NAMESPACE, 'secret/mx1-tls', '{.data.tls\\.crt}');
  return opensslSPKI(Buffer.from(encoded, 'base64').toString());
}

/** What both judges have against it. */
async function objections(): Promise<string[]> {
  const verdicts = await Promise.all([
    posttlsFinger({ hostname: HOST, nameserver: SENDERS_RESOLVER }),
    opensslDane({ address: ADDRESS, port: 25, hostname: HOST, records: await records(), starttls: 'smtp' }),
  ]);
  return verdicts.flatMap(({ verified, output }) => (verified ? [] : output));
}

test('nothing is published until the server serves the certificate', async () => {
  await issueCertificate(site.kubeconfig, {
    namespace: NAMESPACE,
    name: 'mx1',
    secretName: 'mx1-tls',
    hostname: HOST,
  });
  await create(provider());
  await create(mailServer);
  await until('Ready', 'False ProbeUnavailable');

  const other = await makeLeaf({ names: [HOST] });
  const files = writeSecretFiles(join(site.dir, 'other'), {
    'tls.crt': Buffer.from(other.chainPem).toString('base64'),
    'tls.key': Buffer.from(other.keyPem).toString('base64'),
  });
  postfix = await startPostfix({
    dir: join(site.dir, 'postfix'),
    address: ADDRESS,
    hostname: HOST,
    certificates: [files],
  });
  await until('Ready', 'False UnknownChainServed');
  expect(await records()).toEqual([]);

  await postfix.reload([await certificateFiles()]);
  await until('Ready', 'True Published');
  await until('ServingMatches', 'True AllMatch');
  expect(await records()).toHaveLength(2);
  expect(await objections()).toEqual([]);
});

test('a renewal: at no stage is the server refused', async () => {
  const former = await keyInSecret();
  await renewCertificate(site.kubeconfig, NAMESPACE, 'mx1');
  await eventually('the new key is published beside the old one', async () => (await records()).length === 3);
  const current = await keyInSecret();
  expect(current).not.toBe(former);
  // Postfix serves the old one still: its record stays, for as long as that takes.
  await step('Proving');
  expect(await objections()).toEqual([]);

  await postfix?.reload([await certificateFiles()]);
  expect(await objections()).toEqual([]);
  await step('Retiring');
  await eventually('the old record is gone, and every sender until then was content', async () => {
    expect(await objections()).toEqual([]);
    await delay(2_000);
    return (await records()).length === 2;
  });
  const data = (await records())
    .join('\n')
    .toLowerCase()
    .replaceAll(/(?<=[0-9a-f]{56}) /g, '');
  expect(data).toContain(`3 1 1 ${current}`);
  expect(data).not.toContain(former);
  await step('Idle');
  await until('Ready', 'True Published');
  expect(await objections()).toEqual([]);
});

test('a certificate that no Secret holds: it is told, and changes nothing in the DNS; a judge objects', async () => {
  const before = await records();
  await postfix?.reload([{ chainFile: join(site.dir, 'other/tls.crt'), keyFile: join(site.dir, 'other/tls.key') }]);
  await site.kubectl('annotate', 'mailserver/mx1', `--namespace=${NAMESPACE}`, 'reconcile.fluxcd.io/requestedAt=now');
  await until('ServingMatches', 'False UnknownChainServed');
  await until('Ready', 'False UnknownChainServed');
  expect(await records()).toEqual(before);
  expect(await objections()).toHaveLength(2);
  await postfix?.reload([await certificateFiles()]);
  await until('Ready', 'True Published');
});

test('the deletion leaves nothing', async () => {
  await site.kubectl('delete', 'mailserver/mx1', `--namespace=${NAMESPACE}`, '--timeout=240s');
  expect(await site.chain.dig('+norec', `_tcp.${HOST}`, 'ANY')).toContain('status: NXDOMAIN');
  expect(await site.chain.dig('+short', '+norec', HOST, 'A')).toBe(`${ADDRESS}\n`);
});
