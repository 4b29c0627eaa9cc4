/** May the CA be changed now? Where `announcedCAs` names the next ones (docs/rollover.md, "CA switch"). */
import { acceptance } from './accepts.ts';
import { state, type ConditionState } from './condition-state.ts';
import { anchorText, gapIn, heldMessage } from './covered.ts';
import type { Facts } from './facts.ts';
import { lastWritten } from './last-written.ts';
import type { Name } from './name.ts';
import type { Plan } from './plan.ts';
import type { RecordSetPlan } from './record-set-plan.ts';
import { several } from './several.ts';
import { parseTlsa } from './tlsa.ts';

/** Nothing announced, nothing to say. */
export function caSwitchSafe(facts: Facts, plan: Plan): ConditionState[] {
  const { announcedCAs } = facts.desired;
  if (announcedCAs.length === 0) return [];
  const owners = plan.recordSets.filter(({ owner }) => owner.desired);
  const anchors = announcedCAs.map(({ spkiSHA256 }) => anchorText(spkiSHA256));
  const missing = owners.filter((owner) => !anchors.every((anchor) => current(owner).includes(anchor)));
  if (owners.length === 0 || missing.length > 0) {
    return unsafe(
      'AnnouncedCAsNotPublished',
      `the 2 1 1 of each announced CA is not published (yet): ${namesOf(missing)}`,
    );
  }
  /** Whatever its key: a certificate of each of them. */
  const acceptsEach = (records: readonly string[], hostname: Name): boolean =>
    announcedCAs.every(({ spkiSHA256 }) => {
      const issued = { spkiSHA256: '', caSPKISHA256s: [spkiSHA256], names: [hostname] };
      return acceptance(records.map(parseTlsa), issued, hostname).accepts;
    });
  const hidden = owners.filter((one) => !acceptsEach(current(one), one.owner.hostname));
  if (hidden.length > 0) {
    return unsafe(
      'ForeignRecordBlocks',
      `a 2 1 2 that is not ours hides the 2 1 1 of the announced CAs (RFC 7671 §9): ${namesOf(hidden)}; remove it there, or set spec.adoption to Adopt`,
    );
  }
  const held = plan.recordSets.filter(({ owner }) => owner.desired || owner.left !== undefined);
  const gaps = held.flatMap(
    ({ owner, next }) => (next && gapIn(next, (records) => acceptsEach(records, owner.hostname), facts)) ?? [],
  );
  if (gaps.length > 0) return unsafe('EarlierRecordsHeld', heldMessage(gaps));
  const names = several(announcedCAs.map(({ name }) => name));
  return [
    state('CASwitchSafe', 'True', 'AnnouncedCAsPublished', `no sender holds records without these CAs: ${names}`),
  ];
}

/** As the primary was last seen to hold them. */
function current({ next }: RecordSetPlan): readonly string[] {
  return lastWritten(next?.versions ?? [])?.records ?? [];
}

function unsafe(
  reason: 'AnnouncedCAsNotPublished' | 'ForeignRecordBlocks' | 'EarlierRecordsHeld',
  message: string,
): ConditionState[] {
  return [state('CASwitchSafe', 'False', reason, message)];
}

function namesOf(recordSets: readonly RecordSetPlan[]): string {
  return several(recordSets.map(({ owner }) => owner.owner));
}
