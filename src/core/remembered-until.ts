/** Of a MailServer that goes: until when senders may hold what it published (docs/rollover.md, "A hostname or the whole goes"). */
import type { Facts } from './facts.ts';
import { heldUntil } from './hold.ts';
import { formatTime } from './time.ts';

/** As if every name server had moved on by now, where that is not known yet: nobody looks any longer once it is gone. */
export function rememberedUntil({ stored, desired, now }: Pick<Facts, 'stored' | 'desired' | 'now'>): Date | undefined {
  const demanding = stored.recordSets
    .flatMap(({ versions }) => versions)
    .filter(({ kind, records }) => kind === 'Unknown' || records.length > 0);
  const moments = demanding.flatMap(
    ({ supersededAt = formatTime(now), ...version }) =>
      heldUntil({ ...version, supersededAt }, desired.waitTTLs)?.getTime() ?? [],
  );
  return moments.length === 0 ? undefined : new Date(Math.max(...moments));
}
