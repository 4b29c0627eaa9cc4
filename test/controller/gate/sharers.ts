/** Gate: one Secret that several MailServers use. */
import { expect } from '@jest/globals';
import { join } from 'node:path';
import { startBind, type BindServer } from '../../support/bind.ts';
import { eventually, mustRun } from '../../support/process.ts';
import type { Site } from '../../support/site.ts';
import {
  certificate,
  certificateStatus,
  gated,
  keyIn,
  patiently,
  releaseNow,
  renew,
  servedKey,
  SHORT,
  untilCandidate,
  untilIssued,
  untilPending,
  untilServed,
  type Scenarios,
} from './gated.ts';

/** A zone with a second name server, which follows only when it is told to. */
export const LATE_ZONE = 'late.nl';
const LATE_SERVER = '10.53.0.14';
export const lateZone = {
  name: LATE_ZONE,
  records: [
    { name: LATE_ZONE, type: 'NS', data: `ns2.${LATE_ZONE}` },
    { name: `ns2.${LATE_ZONE}`, type: 'A', data: LATE_SERVER },
  ],
};

export function startLateServer({ dir, chain }: Site): Promise<BindServer> {
  const primary = `primaries { ${chain.primary.address}; }; allow-notify { ${chain.primary.address}; };`;
  const statements = [`zone "${LATE_ZONE}" { type secondary; file "zone"; ${primary} notify no; };`];
  return startBind({ dir: join(dir, 'late'), address: LATE_SERVER, statements });
}

export const sharers = (site: () => Site): Scenarios => ({
  'what one of two MailServers withholds, the other does not hand over; a Certificate that changes again and again stays held':
    async () => {
      const tenant = await gated(site(), 'shared');
      const names = [tenant.hostname, `second.${tenant.hostname}`];
      await tenant.mailServer({ rollover: SHORT });
      await tenant.mailServer({ rollover: SHORT, hostnames: names.slice(1) }, 'mx2');
      await certificate(tenant, { dnsNames: names });
      await untilIssued(tenant);
      await tenant.until('Ready=True');
      await tenant.until('Ready=True', 'mailserver/mx2');
      await tenant.patch({ suspend: true }, 'mailserver/mx2');
      const first = await servedKey(tenant);
      for (const more of ['a', 'b', 'c', 'd']) {
        await certificate(tenant, { dnsNames: [...names, `${more}.${tenant.hostname}`] });
        await eventually(`${more} is issued and held back`, async () => {
          const status = await certificateStatus(tenant);
          return status?.chains.some(
            (chain) => chain.state === 'Candidate' && chain.names.includes(`${more}.${tenant.hostname}`),
          );
        });
      }
      expect(await servedKey(tenant)).toBe(first);
      const next = keyIn((await certificateStatus(tenant)) ?? { chains: [] }, 'Candidate');
      await releaseNow(tenant, next);
      await untilCandidate(tenant, 'Withheld', 'WithheldByOther');
      await untilPending(tenant, /by MailServer mx.*, mx2/);
      expect(await servedKey(tenant)).toBe(first);
      await releaseNow(tenant, next, 'mx2');
      await untilServed(tenant, next);
    },

  'two MailServers in two zones, of which one has a name server that lags: handed over when no sender of either would refuse it':
    async () => {
      const tenant = await gated(site(), 'zones');
      const late = `mx.${LATE_ZONE}`;
      const transferred = async (): Promise<void> => {
        const { chain } = site();
        const wanted = await chain.serialAt(chain.primary.address, LATE_ZONE);
        await eventually('the name server that lags has caught up', async () => {
          if ((await chain.serialAt(LATE_SERVER, LATE_ZONE)) === wanted) return true;
          const notify = ['+opcode=NOTIFY', '+norec', '+aaflag', LATE_ZONE, 'SOA'];
          await mustRun('dig', ['-b', chain.primary.address, `@${LATE_SERVER}`, ...notify]);
          return false;
        });
      };
      await tenant.mailServer({ rollover: SHORT });
      await tenant.mailServer({ rollover: SHORT, hostnames: [late] }, 'mx2');
      await certificate(tenant, { dnsNames: [tenant.hostname, late] });
      await untilIssued(tenant);
      await tenant.until('Ready=True');
      await tenant.until('Ready=True', 'mailserver/mx2');
      await transferred();
      const first = await servedKey(tenant);

      await renew(tenant);
      const next = keyIn(await untilCandidate(tenant, 'Waiting', 'WaitingForServers'), 'Candidate');
      await tenant.until('Propagated=False ServersLag', 'mailserver/mx2');
      await releaseNow(tenant, next);
      await untilCandidate(tenant, 'Withheld', 'WithheldByOther');
      await untilPending(tenant, /by MailServer mx, mx2$/);
      expect(keyIn(await untilCandidate(tenant, 'Waiting', 'WaitingForServers', 'mx2'), 'Candidate')).toBe(next);
      await transferred();
      const { candidate } = await untilCandidate(tenant, 'Waiting', 'WaitingForCaches', 'mx2');
      expect(await servedKey(tenant)).toBe(first);
      await untilServed(tenant, next);
      expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(candidate?.gateOpensAt ?? ''));
      await patiently(
        'both serve it',
        () => Promise.all([certificateStatus(tenant), certificateStatus(tenant, 'mx2')]),
        (both) => both.every((status) => status && keyIn(status, 'Serving') === next),
      );
    },
});
