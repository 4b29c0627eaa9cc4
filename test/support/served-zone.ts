/** Zones as the servers that hold them are given them. */
import type { ZoneRecord } from './dnssec-chain.ts';
import { run } from './process.ts';

export interface ServedZone {
  readonly name: string;
  readonly signed: boolean;
  /** Beside its SOA. */
  readonly records: readonly ZoneRecord[];
}

/** Does the server answer for all of them, with signatures where there should be? */
export async function servesAll(address: string, zones: readonly ServedZone[]): Promise<boolean> {
  const answers = await Promise.all(
    zones.map(({ name }) => run('dig', [`@${address}`, '+time=1', '+tries=1', '+dnssec', '+norec', name, 'SOA'])),
  );
  return zones.every(({ signed }, index) => answers[index]?.stdout.includes(signed ? 'IN\tRRSIG\tSOA' : 'IN\tSOA'));
}
