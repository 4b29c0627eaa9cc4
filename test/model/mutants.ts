/**
 * Faults, planted one at a time into the real source as it is loaded. Each must be found by the checker, or the checker proves nothing; its
 * text must stand there exactly once, or the fault is none. `world` is known to show it, and is tried first.
 */
import type { ViolationKind } from './checker.ts';
import * as byHand from './by-hand.ts';
import type { Scenario, WorldEvent } from './scenario.ts';

export interface Mutant {
  readonly name: string;
  /** From the top of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** What it is to be found by. */
  readonly kinds: readonly ViolationKind[];
  /** Of a random world that is known to show it, or the world itself, where it takes one that was made by hand. */
  readonly world: number | Scenario;
  /** A world that shows it is met sooner among worlds of these events. */
  readonly events?: readonly WorldEvent['kind'][];
}

const W_OR_S = ['W', 'S'] as const;
const CORE = 'src/core';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'prunes before proof',
    file: `${CORE}/proof.ts`,
    find: 'isGone: isClockRight(facts) && waited && looked',
    replace: 'isGone: true',
    kinds: W_OR_S,
    world: 4,
    events: ['Renew'],
  },
  {
    name: 'one look proves it, after a pause',
    file: `${CORE}/proof.ts`,
    find: '.length >= ENOUGH_LOOKS',
    replace: '.length >= 1',
    kinds: W_OR_S,
    world: 214,
    events: ['Renew', 'Unreadable', 'Crash'],
  },
  {
    name: 'leaves the wait out',
    file: `${CORE}/hold.ts`,
    find: 'Date.parse(version.supersededAt) + waitMs + MARGIN_MS',
    replace: 'Date.parse(version.supersededAt)',
    kinds: W_OR_S,
    world: 1,
    events: ['Renew'],
  },
  {
    name: 'superseded when a server answers something else',
    file: `${CORE}/sightings.ts`,
    find: 'const lastOld = answers.findLastIndex((_, index) => shown(index, versions, server) <= n);',
    replace: 'const lastOld = answers.findLastIndex((_, index) => shown(index, versions, server) === n);',
    kinds: W_OR_S,
    world: 64,
    events: ['Renew', 'Lag'],
  },
  {
    name: 'one answer of a server is enough',
    file: `${CORE}/sightings.ts`,
    find: 'return times.length >= SAMPLES && last - first >= SAMPLES_SPAN_MS ? new Date(last) : undefined;',
    replace: 'return new Date(last);',
    kinds: W_OR_S,
    world: 39,
    events: ['Renew', 'Lag'],
  },
  {
    name: 'one server is enough',
    file: `${CORE}/sightings.ts`,
    find: 'if (moments.length === 0 || moments.includes(undefined)) return undefined;',
    replace: 'if (moments.every((moment) => moment === undefined)) return undefined;',
    kinds: W_OR_S,
    world: 30,
    events: ['Renew', 'Lag'],
  },
  {
    name: 'an old version that is seen again does not matter',
    file: `${CORE}/sightings.ts`,
    find: 'answer.at.getTime() === newest && shown(index, versions, server) <= n &&',
    replace: 'answer.at.getTime() === newest && shown(index, versions, server) < -1 &&',
    kinds: W_OR_S,
    world: 12,
    events: ['Renew', 'Regress'],
  },
  {
    name: 'a value that recurs counts as its latest version',
    file: `${CORE}/sightings.ts`,
    find: 'return hasReached(latest, answer, answers.slice(0, index)) ? latest.n : earliest.n;',
    replace: 'return latest.n;',
    kinds: [...W_OR_S, 'Covered'],
    world: byHand.COMES_BACK,
    events: ['Renew', 'Foreign', 'Spec', 'Lag'],
  },
  {
    name: 'a dropped intent is forgotten',
    file: `${CORE}/history.ts`,
    find: 'const given = isUnderWay ? before : [...before, { ...unconfirmed(intent, before), writtenAt: formatTime(facts.now) }];',
    replace: 'const given = before;',
    kinds: W_OR_S,
    world: byHand.ARRIVES_LATE,
    events: ['Renew', 'AnswerLost', 'SourceGone'],
  },
  {
    name: 'a dropped intent is taken for a write that every server has',
    file: `${CORE}/supersession.ts`,
    find: 'passedAt(version.n, versions, servers) ??',
    replace:
      "(versions.some(({ kind }) => kind === 'Unconfirmed') ? facts.now : passedAt(version.n, versions, servers)) ??",
    kinds: W_OR_S,
    world: byHand.GIVEN_UP,
    events: ['Renew', 'AnswerLost', 'SourceGone', 'Refused', 'Lag'],
  },
  {
    name: "the clock runs from the primary's answer",
    file: `${CORE}/supersession.ts`,
    find: 'passedAt(version.n, versions, servers) ??',
    replace: 'facts.now ??',
    kinds: W_OR_S,
    world: 39,
    events: ['Renew', 'Lag'],
  },
  {
    name: 'replaces instead of adding',
    file: `${CORE}/plan.ts`,
    find: 'const wanted = targetAt(owner, chains, facts);',
    replace:
      "const waiting = chains.filter(({ state }) => state === 'Candidate'); const wanted = targetAt(owner, waiting.length > 0 ? waiting : chains, facts);",
    kinds: W_OR_S,
    world: 1,
    events: ['Renew'],
  },
  {
    name: 'a restart forgets the versions before the last',
    file: `${CORE}/history.ts`,
    find: 'const written = withCurrent(stored, owner, current, facts, keepsIntent);',
    replace:
      'const written = withCurrent(stored && (facts.endpoints?.known !== true || facts.endpoints.value.every(({ looks }) => looks.length <= 1)) ? { ...stored, versions: stored.versions.slice(-1) } : stored, owner, current, facts, keepsIntent);',
    kinds: W_OR_S,
    world: 1,
    events: ['Renew', 'Crash'],
  },
  {
    name: 'a lost status opens the gate',
    file: `${CORE}/history.ts`,
    find: 'return push(isKnown ? given : [beginning(given, current, facts)], owner, current, ttlSeconds, facts);',
    replace: 'return push(given, owner, current, ttlSeconds, facts);',
    kinds: W_OR_S,
    world: 2,
    events: ['Renew', 'StatusLost'],
  },
  {
    name: 'ignores a foreign digest',
    file: `${CORE}/accepts.ts`,
    find: 'accepts: matching.some((record) => !usable.some((other) => hides(other, record))),',
    replace: 'accepts: matching.length > 0,',
    kinds: W_OR_S,
    world: byHand.HIDDEN_KEY,
    events: ['Renew', 'Foreign'],
  },
  {
    name: 'opens 2 1 1 while a served chain has none',
    file: `${CORE}/target.ts`,
    find: '!inUse.every((chain) => canMatchTrustAnchor(chain, hostname, isTrusted))) return [];',
    replace: '!inUse.some((chain) => canMatchTrustAnchor(chain, hostname, isTrusted))) return [];',
    kinds: W_OR_S,
    world: 2,
    events: ['Renew'],
  },
  {
    name: 'trusts a failed look',
    file: `${CORE}/chains-in-use.ts`,
    find: "presented.kind === 'Presented' ? !sameLeaf(presented.summary, chain) : isExpired;",
    replace: "presented.kind === 'Presented' ? !sameLeaf(presented.summary, chain) : isExpired !== undefined;",
    kinds: W_OR_S,
    world: byHand.LATE_AND_OUT_OF_SIGHT,
    events: ['Renew', 'Unreachable'],
  },
  {
    name: 'trusts a failed read of the primary',
    file: `${CORE}/plan-record-set.ts`,
    find: 'if (!owner.current.known) return keep(owner, stored, owner.current.error);',
    replace:
      'if (!owner.current.known) return planRecordSet({ ...owner, current: { known: true, value: { records: [], ttlSeconds: undefined } } }, target, stored, facts);',
    kinds: ['Blind'],
    world: byHand.PRIMARY_UNREADABLE,
    events: ['Renew', 'Unreadable'],
  },
  {
    name: 'looks at one address only',
    file: `${CORE}/proof.ts`,
    find: 'answers.every(isAbsentAt)',
    replace: 'answers.slice(0, 1).every(isAbsentAt)',
    kinds: W_OR_S,
    world: 14,
    events: ['Renew'],
  },
  {
    name: 'forgets the second certificate',
    file: `${CORE}/plan.ts`,
    find: 'const chains = certificates.flatMap((certificate) => certificate.chains);',
    replace: 'const chains = certificates.slice(0, 1).flatMap((certificate) => certificate.chains);',
    kinds: W_OR_S,
    world: 43,
    events: ['Renew'],
  },
  {
    name: 'forgets a candidate that was dropped',
    file: `${CORE}/candidates.ts`,
    find: "return isOver && isClockRight(facts) ? [] : [{ ...chain, state: 'Dropped', since, notSeenSince }];",
    replace: 'return [];',
    kinds: W_OR_S,
    world: byHand.RELEASED_AND_DROPPED,
    events: ['Renew', 'AnswerLost', 'TwoLeaders'],
  },
  {
    name: 'uses the new TTL for the old version',
    file: `${CORE}/gate.ts`,
    find: 'return handedOut(recordSet).filter(',
    replace: 'return handedOut(recordSet).map((version) => ({ ...version, ttlSeconds: desired.ttlSeconds })).filter(',
    kinds: [...W_OR_S, 'Rest'],
    world: 106,
    events: ['Renew', 'Spec', 'Foreign'],
  },
  {
    name: 'writes over what it did not see',
    file: 'test/model/world.ts',
    find: "if (!sameRecords(before, expected.records.map(formatTlsa).sort())) return 'Conflict';",
    replace: 'void expected;',
    kinds: W_OR_S,
    world: 7,
    events: ['Renew', 'TwoLeaders', 'AnswerLost', 'Foreign'],
  },
  {
    name: 'a stale leader writes status',
    file: 'test/model/cluster.ts',
    find: "if (readVersion !== 'Any' && before.resourceVersion !== readVersion) return 'Conflict';",
    replace: 'void readVersion;',
    kinds: [...W_OR_S, 'Rest', 'Busy'],
    world: 2,
    events: ['Renew', 'TwoLeaders'],
  },
  {
    name: 'a release does not look at what it replaces',
    file: 'test/model/world.ts',
    find: 'if (serving?.leaf !== replaces) return;',
    replace: 'void replaces;',
    kinds: W_OR_S,
    world: 58,
    events: ['Renew', 'TwoLeaders'],
  },
  {
    name: 'learns a key from a probe',
    file: `${CORE}/chains-in-use.ts`,
    find: 'return [serving(value, before, facts), ...toFormer(before.filter((chain) => !sameLeaf(chain, value)))];',
    replace:
      "return [serving(value, before, facts), ...toFormer(before.filter((chain) => !sameLeaf(chain, value))), ...presentedIn(endpointsInSight(facts) ?? []).map((chain) => ({ ...chain, state: 'Former' as const, since: formatTime(facts.now) }))];",
    kinds: ['Stranger'],
    world: 1,
    events: ['Attacker'],
  },
  {
    name: 'does not wait for the others',
    file: `${CORE}/release.ts`,
    find: "return own.stage === 'Open' ? (isWithheldByOthers(withheld) ?? own) : own;",
    replace: 'return own;',
    kinds: W_OR_S,
    world: byHand.TWO_MAIL_SERVERS,
    events: ['Renew', 'Lag'],
  },
  {
    name: 'does not look at one of its owners',
    file: `${CORE}/release.ts`,
    find: 'const counting = withheld.recordSets.filter(',
    replace: 'const counting = withheld.recordSets.slice(0, 1).filter(',
    kinds: W_OR_S,
    world: byHand.TWO_HOSTS,
    events: ['Renew', 'Foreign'],
  },
  {
    name: 'releases by a clock that is wrong',
    file: `${CORE}/clock.ts`,
    find: 'return clockSkewMs === undefined || Math.abs(clockSkewMs) <= MAX_SKEW_MS;',
    replace: 'return clockSkewMs !== Infinity;',
    kinds: [...W_OR_S, 'Dates'],
    world: byHand.CLOCK_GOES_WRONG,
    events: ['Renew', 'ClockStep'],
  },
  {
    name: 'releases before it is valid',
    file: `${CORE}/release.ts`,
    find: '  isNotYetValid,\n  ',
    replace: '  ',
    kinds: ['Dates'],
    world: byHand.VALID_LATER,
    events: ['Renew'],
  },
  {
    name: 'publishes first without a look',
    file: `${CORE}/first-publication.ts`,
    find: '  everyEndpointMatches,\n];',
    replace: '];',
    kinds: W_OR_S,
    world: byHand.LEAF_ALONE,
    events: ['Renew', 'Restart', 'StatusLost'],
  },
  {
    name: 'no certificate is a reason to withdraw',
    file: `${CORE}/plan.ts`,
    find: 'if (wanted.length === 0) return nothingToPublish(owner, stored);',
    replace: '',
    kinds: ['Emptied'],
    world: byHand.NO_CERTIFICATE,
    events: ['SourceGone', 'StatusLost', 'Rebuilt'],
  },
  {
    name: 'says Covered without a look at what was handed out before',
    file: `${CORE}/covered.ts`,
    find: '(isHeld(version, desired.waitTTLs, now) || !isClockRight(facts)) &&',
    replace: 'version === lastWritten(versions) &&',
    kinds: ['Covered'],
    world: byHand.COMES_BACK,
    events: ['Renew', 'Spec'],
  },
  {
    name: 'never lets a former chain go',
    file: `${CORE}/chains-in-use.ts`,
    find: "return isGone ? [] : [{ ...chain, state: 'Former', since, notSeenSince }];",
    replace: "return [{ ...chain, state: 'Former', since, notSeenSince }];",
    kinds: ['Rest'],
    world: byHand.RENEWED,
    events: ['Renew'],
  },
  {
    name: 'MailServers wait for each other',
    file: `${CORE}/release.ts`,
    find: "reason: 'WithheldByOther',",
    replace: "reason: 'Suspended',",
    kinds: ['Rest', 'Busy'],
    world: byHand.TWO_MAIL_SERVERS,
    events: ['Renew'],
  },
  {
    name: 'writes a TTL over and over',
    file: `${CORE}/plan-record-set.ts`,
    find: 'stored.ttlSeconds !== desired.ttlSeconds &&',
    replace: '',
    kinds: ['Busy', 'Rest', 'Writes'],
    world: byHand.LOWER_TTL,
    events: ['Foreign', 'Spec'],
  },
];

/** In place of a seed: the world that was made by hand for this fault. */
export const OWN_WORLD = 0;

export function mutantNamed(name: string): Mutant {
  const found = MUTANTS.find((mutant) => mutant.name === name);
  if (found === undefined) throw new Error(`no planted fault is called ${JSON.stringify(name)}`);
  return found;
}
