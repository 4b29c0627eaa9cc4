import { OperatorError } from '../core/errors.ts';
import type { DnsProvider } from '../dns/providers/provider.ts';
import type { Metrics } from '../observe/metrics.ts';

/** The same provider, with every request counted by operation and result. */
export function measured(dns: DnsProvider, name: string, { dnsRequest }: Pick<Metrics, 'dnsRequest'>): DnsProvider {
  const counted = async <T>(operation: string, call: Promise<T>): Promise<T> => {
    try {
      const result = await call;
      dnsRequest(name, operation, 'ok');
      return result;
    } catch (error) {
      dnsRequest(name, operation, error instanceof OperatorError ? error.code : 'Bug');
      throw error;
    }
  };
  const serial = dns.serial?.bind(dns);
  const settled = dns.settled?.bind(dns);
  return {
    ...(dns.isRateLimited && { isRateLimited: true }),
    ...(dns.readsZones && { readsZones: true }),
    authenticate: (signal) => counted('authenticate', dns.authenticate(signal)),
    findZone: (owner, signal) => counted('findZone', dns.findZone(owner, signal)),
    read: (zone, owner, signal) => counted('read', dns.read(zone, owner, signal)),
    ...(serial && { serial: (zone) => counted('serial', serial(zone)) }),
    ...(settled && { settled: (zone, changeID) => counted('settled', settled(zone, changeID)) }),
    change: async (zone, changes, signal) => {
      const results = await dns.change(zone, changes, signal);
      for (const result of results) dnsRequest(name, 'change', 'error' in result ? result.error.code : result.outcome);
      return results;
    },
  };
}
