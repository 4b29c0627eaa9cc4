/** May the CA be changed now? Where `announcedCAs` names the next ones (docs/rollover.md, "CA switch"). */
import { state, type ConditionState } from './condition-state.ts';
import { anchorText, gapIn, heldMessage } from './covered.ts';
import type { Facts } from './facts.ts';
import type { Plan } from './plan.ts';
import { several } from './several.ts';

/** Nothing announced, nothing to say. */
export function caSwitchSafe(facts: Facts, plan: Plan): ConditionState[] {
  const { announcedCAs } = facts.desired;
  if (announcedCAs.length === 0) return [];
  const owners = plan.recordSets.filter(({ owner }) => owner.desired);
  const anchors = announcedCAs.map(({ spkiSHA256 }) => anchorText(spkiSHA256));
  const hasAll = (records: readonly string[]): boolean => anchors.every((anchor) => records.includes(anchor));
  const missing = owners.filter(({ next }) => next === undefined || !hasAll(next.versions.at(-1)?.records ?? []));
  if (owners.length === 0 || missing.length > 0) {
    return [
      state(
        'CASwitchSafe',
        'False',
        'AnnouncedCAsNotPublished',
        `the 2 1 1 of each announced CA is not published (yet): ${several(missing.map(({ owner }) => owner.owner))}`,
      ),
    ];
  }
  const held = plan.recordSets.filter(({ owner }) => owner.desired || owner.left !== undefined);
  const gaps = held.flatMap(({ next }) => (next === undefined ? [] : (gapIn(next, hasAll, facts) ?? [])));
  return gaps.length > 0
    ? [state('CASwitchSafe', 'False', 'EarlierRecordsHeld', heldMessage(gaps))]
    : [
        state(
          'CASwitchSafe',
          'True',
          'AnnouncedCAsPublished',
          `no sender holds records without these CAs: ${several(announcedCAs.map(({ name }) => name))}`,
        ),
      ];
}
