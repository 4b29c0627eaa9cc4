/** Somebody else changes the records at an owner. */
import { ownerOf } from './checker.ts';
import type { ForeignEdit } from './scenario.ts';
import type { World } from './world.ts';

const FOREIGN = {
  OtherKey: `3 1 1 ${'e1'.repeat(32)}`,
  OtherCA: `2 1 1 ${'e2'.repeat(32)}`,
  WholeCertificate: `3 0 1 ${'e3'.repeat(32)}`,
  StrongerDigest: `3 1 2 ${'e4'.repeat(64)}`,
} as const;

export function editForeign({ zone, cluster, checker, clock, setup }: World, host: number, change: ForeignEdit): void {
  const hostname = cluster.hostnames[host];
  if (hostname === undefined) return;
  const owner = ownerOf(hostname);
  const current = zone.current(owner);
  const records = current?.records ?? [];
  const ttl = current === undefined || records.length === 0 ? setup.ttl : current.ttl;
  switch (change.kind) {
    case 'Add': {
      const record = FOREIGN[change.record];
      const foreign = checker.foreign.get(owner) ?? new Map<string, number>();
      checker.foreign.set(owner, foreign.set(record, clock.now));
      zone.write(owner, [...records, record], ttl, 'Others');
      return;
    }
    case 'RemoveOne':
      zone.write(owner, records.slice(1), ttl, 'Others');
      return;
    case 'Clear':
      zone.write(owner, [], ttl, 'Others');
      return;
    case 'TTL':
      zone.write(owner, records, change.ttl, 'Others');
      return;
    case 'TakeBack':
      zone.write(
        owner,
        records.filter((record) => checker.foreign.get(owner)?.has(record) !== true),
        ttl,
        'Others',
      );
  }
}
