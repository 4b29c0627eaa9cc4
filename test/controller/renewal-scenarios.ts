/** cert-manager is installed while the operator runs, and what its Certificates say is told: scenarios of promote.test.ts, which has the time. */
import { expect } from '@jest/globals';
import type { MailServer } from '../../src/api/mail-server.ts';
import { renewCertificate, startCertManager, type CertManager } from '../support/cert-manager.ts';
import type { RunningOperator } from '../support/operator.ts';
import { eventually } from '../support/process.ts';
import type { Tenant } from './tenant.ts';

type Certificate = NonNullable<MailServer['status']['certificates']>[number];

/** Nothing is wrong where cert-manager is not; the watch begins once it is there. */
export async function installCertManager({ site }: Tenant, operator: RunningOperator): Promise<CertManager> {
  const told = (): string[] =>
    operator.program
      .log()
      .split('\n')
      .filter((line) => line.includes('"resource":"certificates"'))
      .map((line) => (JSON.parse(line) as { readonly level: string }).level);
  expect(told()).toEqual(['info']);
  expect((await operator.get('/readyz')).status).toBe(200);
  const certManager = await startCertManager(site.controlPlane);
  await eventually('Certificates are watched', () => told().includes('debug'));
  expect(told()).toEqual(['info', 'debug']);
  return certManager;
}

/** A self-signed one, which no 2 1 1 can cover; as cert-manager makes it. */
async function applyCertificate(tenant: Tenant, spec: object): Promise<void> {
  const issuer = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Issuer',
    metadata: { name: 'self' },
    spec: { selfSigned: {} },
  };
  await tenant.apply(issuer, {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'mx' },
    spec: { secretName: 'tls', dnsNames: [tenant.hostname], issuerRef: { name: 'self' }, ...spec },
  });
  await tenant.kubectl('wait', 'certificate/mx', '--for=condition=Ready', '--timeout=240s');
}

const ECDSA = { algorithm: 'ECDSA' };
const certificatePatch = (tenant: Tenant, spec: object): Promise<string> =>
  tenant.kubectl('patch', 'certificate.cert-manager.io/mx', '--type=merge', `--patch=${JSON.stringify({ spec })}`);

async function certificateOf(tenant: Tenant): Promise<Certificate | undefined> {
  return (await tenant.get()).status.certificates?.[0];
}

const keysOf = async (tenant: Tenant): Promise<string[]> =>
  ((await certificateOf(tenant))?.chains ?? []).map(({ state, spkiSHA256 }) => `${state} ${spkiSHA256}`);

const statusOfCertificate = (tenant: Tenant, name: string): Promise<string> =>
  tenant.kubectl('get', 'certificate.cert-manager.io/mx', `--output=jsonpath={.status.${name}}`);

/** The key stays, or does not: what `Covered` makes of it, as the Certificate changes and goes. */
export async function keptKey(tenant: Tenant): Promise<void> {
  await applyCertificate(tenant, { privateKey: ECDSA });
  await tenant.mailServer({ rollover: { retireAfter: '1m', waitTTLs: 1 } });
  await tenant.until('Ready=True');
  const due = await statusOfCertificate(tenant, 'renewalTime');
  expect(due).not.toBe('');
  expect((await tenant.until('Covered=False NoTrustAnchor')).message).toContain(`the next renewal is due at ${due}`);
  expect((await certificateOf(tenant))?.nextRenewal).toBe(due);

  await certificatePatch(tenant, { privateKey: { ...ECDSA, rotationPolicy: 'Never' } });
  await tenant.until('Covered=False EarlierRecordsHeld');
  await eventually(
    'no sender remembers what was before',
    async () => (await tenant.condition('Covered'))?.reason === 'KeyStays',
  );
  await tenant.until('Covered=True KeyStays');

  // And so it is: cert-manager renews with the same key.
  const keys = await keysOf(tenant);
  const { certificates: before } = (await tenant.get()).status;
  await renewCertificate(tenant.site.kubeconfig, tenant.namespace, 'mx');
  await eventually('it is renewed', async () => {
    const { certificates } = (await tenant.get()).status;
    return certificates?.[0]?.chains[0]?.notBefore !== before?.[0]?.chains[0]?.notBefore;
  });
  expect(new Set((await keysOf(tenant)).map((key) => key.split(' ')[1]))).toEqual(
    new Set(keys.map((key) => key.split(' ')[1])),
  );
  await tenant.until('Covered=True KeyStays');

  // A key that does not fit what is asked for now stays too: cert-manager waits for a person.
  await certificatePatch(tenant, { privateKey: { algorithm: 'RSA' } });
  await eventually('cert-manager says that it makes no key', async () =>
    (await tenant.kubectl('get', 'events', '--output=name', '--field-selector=reason=CannotRegenerateKey')).includes(
      'event',
    ),
  );
  await tenant.pass();
  await tenant.until('Covered=True KeyStays');
  await certificatePatch(tenant, { privateKey: ECDSA });

  await certificatePatch(tenant, { privateKey: { rotationPolicy: 'Always' } });
  await tenant.until('Covered=False NoTrustAnchor');
  await certificatePatch(tenant, { privateKey: { rotationPolicy: 'Never' } });
  await tenant.until('Covered=True KeyStays');
  await tenant.kubectl('delete', 'certificate.cert-manager.io/mx');
  expect((await tenant.until('Covered=False NoTrustAnchor')).message).not.toContain('next renewal');
  expect(await certificateOf(tenant)).not.toHaveProperty('nextRenewal');
}

/** A renewal that leaves no time for the wait is told before the first one, with the number that mends it. */
export async function renewedTooLate(tenant: Tenant, spec: Readonly<Record<string, unknown>>): Promise<void> {
  await applyCertificate(tenant, { privateKey: ECDSA, duration: '1h', renewBefore: '5m' });
  await tenant.mailServer(spec);
  const { message } = await tenant.until('CertificatesResolved=True RenewBeforeTooShort');
  const [, number] = /set renewBefore of Certificate mx to (\w+) or more/.exec(message) ?? [];
  expect(number).toBe('6m');
  await eventually('an event tells it', async () =>
    (await tenant.kubectl('get', 'events', '--output=name', '--field-selector=reason=RenewBeforeTooShort')).includes(
      'event',
    ),
  );
  await certificatePatch(tenant, { renewBefore: number });
  await tenant.until('CertificatesResolved=True Resolved');

  // Higher than the whole life of the certificate allows: with or without the Certificate.
  await tenant.patch({ ttlSeconds: 3600 });
  const tooShort = await tenant.until('CertificatesResolved=True LifetimeTooShort');
  expect(tooShort.message).toMatch(/duration of Certificate mx to 3h6m or more and renewBefore to 2h4m or more/);
  await tenant.kubectl('delete', 'certificate.cert-manager.io/mx');
  await eventually('told without it', async () =>
    (await tenant.until('CertificatesResolved=True LifetimeTooShort')).message.includes('valid for 3h6m or more'),
  );
}
