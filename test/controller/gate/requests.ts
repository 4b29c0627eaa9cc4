/** Gate: what can become of a CertificateRequest, ours or cert-manager's. */
import { expect } from '@jest/globals';
import { createIssuingCA } from '../../support/issuing-ca.ts';
import { eventually } from '../../support/process.ts';
import type { Site } from '../../support/site.ts';
import { createTenant, issue } from '../tenant.ts';
import {
  answer,
  certificate,
  certificateStatus,
  childrenOf,
  daneIssuer,
  gated,
  keyIn,
  leavesIn,
  patiently,
  protectedHost,
  releaseNow,
  renew,
  requests,
  servedKey,
  SLOW,
  untilCandidate,
  untilIssued,
  untilPending,
  untilServed,
  untilTold,
  type Scenarios,
} from './gated.ts';

export const requestsAndAnswers = (site: () => Site): Scenarios => ({
  'what no MailServer uses passes straight through, and so does what Promote withholds elsewhere': async () => {
    const tenant = await gated(site(), 'straight');
    await certificate(tenant);
    await untilIssued(tenant);
    await tenant.mailServer({ certificates: [{ secretName: 'tls', servingSecretName: 'live' }] });
    await tenant.until('Stalled=True SourceNotAnnotated');
    const before = await servedKey(tenant);
    await renew(tenant);
    await eventually('it is renewed', async () => (await servedKey(tenant)) !== before);
  },

  'an issuer that is not there is waited for, ours and the one behind it': async () => {
    const tenant = await createTenant(site(), 'absent');
    await tenant.mailServer();
    await certificate(tenant);
    await untilPending(tenant, /there is no DaneIssuer\/absent\/dane/);
    await daneIssuer(tenant, { name: 'issuing-ca' });
    await untilPending(tenant, /Issuer issuing-ca has not answered/);
    await createIssuingCA(site().kubeconfig, tenant.namespace);
    await untilIssued(tenant);
    await tenant.until('Ready=True');
  },

  'an issuer that fails is asked again for the same key, and nothing is published for it; another one that works gets the same request':
    async () => {
      const tenant = await protectedHost(site(), 'failing');
      const first = await servedKey(tenant);
      await daneIssuer(tenant, SLOW);
      await renew(tenant);
      const parent = await untilPending(tenant, /Slow one has not answered/);
      const nextKey = (): Promise<string> =>
        tenant.kubectl('get', 'secrets', '--selector=cert-manager.io/next-private-key=true', '--output=name');
      const key = await nextKey();
      const { pem } = await issue(tenant.hostname);
      const foreign = { certificate: Buffer.from(pem).toString('base64') };
      const failed = { type: 'Ready', status: 'False', reason: 'Failed', message: 'no luck' };
      const issued = { type: 'Ready', reason: 'Issued', message: 'for you' };
      const failures = [[failed], [issued, foreign], [failed]] as const;
      const nameOf = (number: number): string => `dane-${parent.metadata.uid}-${number}`;
      for (const [index, [condition, more]] of failures.entries()) {
        const child = await eventually(`try ${index + 1}`, async () =>
          (await childrenOf(tenant, parent)).find(({ metadata }) => metadata.name === nameOf(index + 1)),
        );
        expect(child.spec.request).toBe(parent.spec.request);
        await answer(tenant, child.metadata.name, [condition], more);
      }
      await eventually('the fourth try, and of those before it the last', async () => {
        const names = (await childrenOf(tenant, parent)).map(({ metadata }) => metadata.name).sort();
        return names.join() === [nameOf(3), nameOf(4)].join();
      });
      await untilTold(
        tenant,
        parent.metadata.name,
        /not answered .*-1 yet\n.*-1 failed; .*-2 yet\n.*-2 was .*of another key .*-3 yet\n.*-3 failed; .* asked again at /s,
      );
      expect(leavesIn(await tenant.published())).toEqual([first]);
      expect([await nextKey(), key]).toEqual([key, expect.stringMatching(/^secret\/mx-\w+\n$/)]);

      // It has not answered yet: it is not waited for any more.
      await daneIssuer(tenant, { name: 'issuing-ca' });
      const next = keyIn(await untilCandidate(tenant, 'Waiting', 'WaitingForServers'), 'Candidate');
      await releaseNow(tenant, next);
      await untilServed(tenant, next);
      expect((await requests(tenant)).map(({ metadata }) => metadata.uid)).toContain(parent.metadata.uid);
    },

  'a child, or the request itself, that is deleted while it waits is made again; without its Certificate it waits for nothing':
    async () => {
      const tenant = await protectedHost(site(), 'deleted');
      const first = await servedKey(tenant);
      await renew(tenant);
      const { candidate } = await untilCandidate(tenant, 'Waiting', 'WaitingForServers');
      const request = `certificaterequest/${candidate?.requestName ?? ''}`;
      const [parent] = (await requests(tenant)).filter(({ metadata }) => metadata.name === candidate?.requestName);
      const [child] = parent === undefined ? [] : await childrenOf(tenant, parent);
      await tenant.kubectl('delete', `certificaterequest/${child?.metadata.name ?? ''}`);
      await eventually('another child', async () => {
        const [other] = parent === undefined ? [] : await childrenOf(tenant, parent);
        return other !== undefined && other.metadata.uid !== child?.metadata.uid;
      });
      await tenant.kubectl('delete', request);
      // cert-manager makes one of the same name, for the same key.
      const again = await untilPending(tenant, /held back/);
      expect(again.metadata.uid).not.toBe(parent?.metadata.uid);
      expect(await servedKey(tenant)).toBe(first);
      const next = keyIn(await untilCandidate(tenant, 'Waiting', 'WaitingForServers'), 'Candidate');
      await releaseNow(tenant, next);
      await untilServed(tenant, next);

      await renew(tenant);
      const dropped = await patiently(
        'the next one waits',
        () => certificateStatus(tenant),
        (status) => status && keyIn(status, 'Candidate') !== next && keyIn(status, 'Candidate'),
      );
      await tenant.kubectl('delete', 'certificate/mx');
      await patiently(
        'its requests are gone, and it is no candidate any more',
        () => Promise.all([certificateStatus(tenant), requests(tenant)]),
        ([status, all]) =>
          status &&
          keyIn(status, 'Dropped') === dropped &&
          !all.some(({ metadata }) => /^(mx|dane)-/.test(metadata.name)),
      );
      expect(await servedKey(tenant)).toBe(next);
      expect(leavesIn(await tenant.published())).toContain(next);
    },

  'a MailServer that is deleted while a certificate waits: senders may have its records for a while, and it goes on waiting':
    async () => {
      const tenant = await protectedHost(site(), 'going');
      const first = await servedKey(tenant);
      await renew(tenant);
      const { candidate } = await untilCandidate(tenant, 'Waiting', 'WaitingForServers');
      const deletedAt = Date.now();
      await tenant.kubectl('delete', 'mailserver/mx', '--timeout=240s');
      const request = `certificaterequest/${candidate?.requestName ?? ''}`;
      const path = '{.metadata.annotations.tlsa-operator\\.io/not-before}';
      const notBefore = await tenant.kubectl('get', request, `--output=jsonpath=${path}`);
      // A TTL and a minute.
      expect(Date.parse(notBefore)).toBeGreaterThan(deletedAt + 100_000);
      await untilPending(tenant, new RegExp(`held back until ${notBefore}`));
      expect(await servedKey(tenant)).toBe(first);
      await tenant.kubectl('annotate', request, 'tlsa-operator.io/not-before-');
      await eventually('it is handed over', async () => (await servedKey(tenant)) !== first);
    },
});
