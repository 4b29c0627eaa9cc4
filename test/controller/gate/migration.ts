/** docs/daneissuer.md: into Gate and out of it, by the commands that stand there. */
import { expect } from '@jest/globals';
import { commandsIn, shell } from '../../support/docs-commands.ts';
import { createCertManagersIssuer } from '../../support/issuing-ca.ts';
import type { Site } from '../../support/site.ts';
import { createTenant } from '../tenant.ts';
import {
  certificate,
  keyIn,
  patiently,
  releaseNow,
  requests,
  servedKey,
  SHORT,
  untilIssued,
  type Scenarios,
} from './gated.ts';

export const migration = (site: () => Site): Scenarios => ({
  'into Gate and out of it, by the commands of the documentation': async () => {
    const [, into = [], out = []] = commandsIn('docs/daneissuer.md');
    expect([into.length, out.length]).toEqual([4, 4]);
    const hostname = 'mx1.example.nl';
    const secretName = 'mx1-tls';
    const tenant = await createTenant(site(), 'mail');
    await createCertManagersIssuer(site().kubeconfig, 'letsencrypt');
    const issuerRef = { kind: 'ClusterIssuer', name: 'letsencrypt' };
    await certificate(tenant, { secretName, dnsNames: [hostname], issuerRef }, 'mx1');
    await untilIssued(tenant, 'mx1');
    await tenant.mailServer({ hostnames: [hostname], certificates: [{ secretName }], rollover: SHORT }, 'mx1');
    await tenant.until('Ready=True', 'mailserver/mx1');
    const anchor = (await tenant.published(hostname)).find((record) => record.startsWith('2 1 1'));
    const first = await servedKey(tenant, secretName);

    for (const command of into) await shell(site(), command);
    const status = async () => (await tenant.get('mailserver/mx1')).status.certificates?.[0];
    const next = await patiently('the next one is held back', status, (is) => is && keyIn(is, 'Candidate'));
    expect(await servedKey(tenant, secretName)).toBe(first);
    await tenant.untilPublished([anchor ?? '', `3 1 1 ${first}`, `3 1 1 ${next}`].sort(), hostname);
    await releaseNow(tenant, next, 'mx1');
    await patiently('it is served', status, (is) => is && keyIn(is, 'Serving') === next);

    const printed: string[] = [];
    for (const command of out) printed.push(await shell(site(), command));
    expect(printed[1]).toContain(anchor);
    await patiently(
      'cert-manager has issued at once, by the issuer itself',
      () => servedKey(tenant, secretName),
      (served) => served !== next,
    );
    expect(await requests(tenant)).toContainEqual(
      expect.objectContaining({ spec: expect.objectContaining({ issuerRef: expect.objectContaining(issuerRef) }) }),
    );
    expect(await tenant.published(hostname)).toContain(anchor);
    await patiently(
      'Observe is covered, once senders have forgotten what was before the first publication',
      () => tenant.condition('Covered', 'mailserver/mx1'),
      (covered) => covered?.status === 'True' && covered.reason === 'TrustAnchorPublished',
    );
  },
});
