/** BIND as the name servers of the Route 53 double: it is told every change, and signs and serves the zones. */
import type { DnssecChain } from './dnssec-chain.ts';
import type { Route53Options } from './route53.ts';

export function publishTo(chain: DnssecChain): NonNullable<Route53Options['publish']> {
  // Octal there, decimal here.
  const inZoneFile = (name: string): string =>
    name.replace(/\\([0-7]{3})/g, (_, octal: string) => `\\${String(parseInt(octal, 8)).padStart(3, '0')}`);
  return async (gone, come) => {
    await chain.nsupdate(
      ...gone.map(({ name, type }) => `update delete ${inZoneFile(name)} ${type}`),
      ...come.flatMap(({ name, type, ttl, values }) =>
        values.map((value) => `update add ${inZoneFile(name)} ${ttl} ${type} ${value}`),
      ),
    );
  };
}
