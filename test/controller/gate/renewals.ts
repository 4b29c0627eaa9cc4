/** Gate: certificates that change, and how that ends. */
import { expect } from '@jest/globals';
import { eventually } from '../../support/process.ts';
import type { Site } from '../../support/site.ts';
import type { Tenant } from '../tenant.ts';
import {
  certificate,
  certificateStatus,
  childrenOf,
  daneIssuer,
  isOurs,
  keyIn,
  leavesIn,
  patiently,
  protectedHost,
  releaseNow,
  renew,
  requests,
  servedKey,
  SHORT,
  untilCandidate,
  untilIssued,
  untilPending,
  untilServed,
  untilTold,
  type Request,
  type Scenarios,
} from './gated.ts';

export const renewals = (site: () => Site): Scenarios => ({
  'a renewal is issued at once, published, held back, and handed over when the gate opens': async () => {
    const tenant = await protectedHost(site(), 'renewal');
    const first = await servedKey(tenant);
    expect(leavesIn(await tenant.published())).toEqual([first]);
    expect(await certificateStatus(tenant)).toMatchObject({ mode: 'Gate' });
    expect(await tenant.condition('Covered')).toMatchObject({ status: 'True', reason: 'Gated' });

    await renew(tenant);
    const { candidate, ...status } = await untilCandidate(tenant, 'Waiting', 'WaitingForCaches');
    const next = keyIn(status, 'Candidate');
    expect(leavesIn(await tenant.published())).toEqual([first, next].sort());
    const parent = await untilPending(tenant, /held back .* by MailServer mx \(until /);
    expect(candidate?.requestName).toBe(parent.metadata.name);
    const [child] = await childrenOf(tenant, parent);
    expect(child?.spec).toMatchObject({ request: parent.spec.request, issuerRef: { name: 'issuing-ca' } });
    // What people wait for stays as it was.
    expect(await tenant.condition('Ready')).toMatchObject({ status: 'True' });
    await tenant.kubectl('wait', 'certificate/mx', '--for=condition=Ready', '--timeout=1s');
    expect(await servedKey(tenant)).toBe(first);

    await untilServed(tenant, next);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(candidate?.gateOpensAt ?? ''));
    await eventually('it is the one that is served', async () => {
      const is = await certificateStatus(tenant);
      return is !== undefined && keyIn(is, 'Serving') === next && keyIn(is, 'Former') === first;
    });
    await untilIssued(tenant);
    await untilTold(
      tenant,
      parent.metadata.name,
      /Normal Pending: Issuer issuing-ca has not .*Normal Pending: issued, and held back .*Normal Issued: issued by Iss/s,
    );
  },

  'a CA switch needs nothing but another issuer in the DaneIssuer; by hand it is handed over at once': async () => {
    const tenant = await protectedHost(site(), 'switch');
    const [first, anchors] = [await servedKey(tenant), await tenant.published()];
    await daneIssuer(tenant, { name: 'root-ca' });
    await renew(tenant);
    const next = keyIn(await untilCandidate(tenant, 'Waiting', 'WaitingForServers'), 'Candidate');
    // The root does not send itself along: for as long as that chain may be met, there is no 2 1 1.
    await tenant.untilPublished([`3 1 1 ${first}`, `3 1 1 ${next}`].sort());
    expect(anchors).toHaveLength(2);
    await releaseNow(tenant, next);
    await untilServed(tenant, next);
  },

  'an RSA and an ECDSA certificate of one MailServer, renewed at the same time: each is held back, and handed over':
    async () => {
      const certificates = [{ secretName: 'tls' }, { secretName: 'rsa' }];
      const rsa = { secretName: 'rsa', privateKey: { algorithm: 'RSA', rotationPolicy: 'Always' } };
      const tenant = await protectedHost(site(), 'pair');
      await certificate(tenant, rsa, 'rsa');
      await untilIssued(tenant, 'rsa');
      await tenant.patch({ certificates });
      const first = await Promise.all([servedKey(tenant), servedKey(tenant, 'rsa')]);
      await patiently(
        'the records of both are published',
        async () => leavesIn(await tenant.published()).join(),
        (leaves) => leaves === first.toSorted().join(),
      );

      await Promise.all([renew(tenant), renew(tenant, 'rsa')]);
      const next = await patiently(
        'both wait',
        () => Promise.all([certificateStatus(tenant), certificateStatus(tenant, 'mx', 'rsa')]),
        (both) => {
          const keys = both.map((status) => (status === undefined ? '' : keyIn(status, 'Candidate')));
          return both.every((status) => status?.candidate?.stage === 'Waiting') && keys;
        },
      );
      await patiently(
        'the records of all four are published',
        async () => leavesIn(await tenant.published()).join(),
        (leaves) => leaves === [...first, ...next].sort().join(),
      );
      expect(await Promise.all([servedKey(tenant), servedKey(tenant, 'rsa')])).toEqual(first);
      const [ecdsa = '', other = ''] = next;
      await Promise.all([untilServed(tenant, ecdsa), untilServed(tenant, other, 'rsa')]);
      expect(leavesIn(await tenant.published())).toEqual(expect.arrayContaining(next));
    },

  'ten new keys in a row: the last one is handed over, no key that is served loses its record, and nothing piles up':
    async () => {
      const tenant = await protectedHost(site(), 'storm', { rollover: { ...SHORT, retireAfter: '1h' } });
      const first = await servedKey(tenant);
      for (let number = 1; number <= 10; number += 1) {
        const name = `n${number}.${tenant.hostname}`;
        // Another size: cert-manager makes another key.
        const privateKey = { algorithm: 'ECDSA', size: number % 2 === 0 ? 256 : 384, rotationPolicy: 'Always' };
        await certificate(tenant, { dnsNames: [tenant.hostname, name], privateKey });
        await patiently(
          `number ${number} is the candidate`,
          () => certificateStatus(tenant),
          (status) => status?.chains.some(({ state, names }) => state === 'Candidate' && names.includes(name)),
        );
        expect(leavesIn(await tenant.published())).toContain(first);
      }
      const status = await certificateStatus(tenant);
      const keys = new Set(status?.chains.map(({ spkiSHA256 }) => spkiSHA256));
      expect(keys.size).toBe(11);
      const last = keyIn(status ?? { chains: [] }, 'Candidate');
      await patiently(
        'of all requests those of what is served and of the last one are left',
        () => requests(tenant),
        (all) => [all.filter(isOurs), all.filter(isChild)].every(({ length }) => length === 2),
      );
      await untilServed(tenant, last);
      const { recordSets = [] } = (await tenant.get()).status;
      expect(recordSets[0]?.versions.length).toBeLessThanOrEqual(8);
      expect(leavesIn(await tenant.published())).toEqual(expect.arrayContaining([first, last]));
    },

  'a certificate that does not live as long as the wait: said before, issued again for the same key, handed over at the deadline':
    async () => {
      const spec = { ttlSeconds: 3600, records: ['3 1 1'], rollover: { retireAfter: '1m' } };
      const tenant = await protectedHost(site(), 'short', spec, { duration: '4m' });
      const { message } = await tenant.until('CertificatesResolved=True LifetimeTooShort');
      expect(message).toMatch(/valid for 4m only; senders may hold earlier records for 2h2m .* set duration of Cert/);
      await tenant.until('Ready=True');
      const first = await servedKey(tenant);

      await renew(tenant);
      const waiting = await untilCandidate(tenant, 'Waiting', 'WaitingForServers');
      const next = keyIn(waiting, 'Candidate');
      const parent = await untilPending(tenant, /held back/);
      await untilAttempt(tenant, parent, 2);
      expect(await servedKey(tenant)).toBe(first);
      await untilServed(tenant, next);
      const events = await tenant.kubectl('get', 'events', '--output=jsonpath={.items[*].reason}');
      expect(events).toContain('Released');
      expect(parent.spec.request).toBe((await requests(tenant)).find(isOurs)?.spec.request);
    },

  'with onDeadline: Hold it stays held beyond the deadline, until a person says otherwise': async () => {
    const rollover = { retireAfter: '1m', onDeadline: 'Hold' };
    const spec = { ttlSeconds: 3600, records: ['3 1 1'], rollover };
    const tenant = await protectedHost(site(), 'hold', spec, { duration: '4m' });
    const first = await servedKey(tenant);
    await renew(tenant);
    const next = keyIn(await untilCandidate(tenant, 'Waiting', 'WaitingForServers'), 'Candidate');
    // Two thirds of a life: the deadline is at half of it.
    await untilAttempt(tenant, await untilPending(tenant, /held back/), 3);
    expect(await servedKey(tenant)).toBe(first);
    await releaseNow(tenant, next);
    await untilServed(tenant, next);
  },

  'a Secret that is lost is issued again and held back no longer than mail is down': async () => {
    const tenant = await protectedHost(site(), 'lost');
    const first = await servedKey(tenant);
    await tenant.kubectl('delete', 'secret/tls');
    const status = await eventually('another is issued', async () => {
      const is = await certificateStatus(tenant);
      return is !== undefined && ![undefined, '', first].includes(keyIn(is, 'Candidate')) && is;
    });
    const next = keyIn(status, 'Candidate');
    await eventually('both are published', async () => {
      const keys = leavesIn(await tenant.published());
      return keys.includes(first) && keys.includes(next);
    });
    await releaseNow(tenant, next);
    await untilServed(tenant, next);
  },
});

/** A third of its life is over each time: it is issued again. */
async function untilAttempt(tenant: Tenant, parent: Request, number: number): Promise<void> {
  await patiently(
    `${tenant.namespace}: attempt ${number}`,
    () => childrenOf(tenant, parent),
    (children) => children.some(({ metadata }) => metadata.name.endsWith(`-${number}`)),
  );
}

const isChild = ({ metadata }: Request): boolean => metadata.name.startsWith('dane-');
