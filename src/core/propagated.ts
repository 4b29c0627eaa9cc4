/** Condition `Propagated`: does every authoritative name server answer the current records, and will it go on to? */
import { isClockRight } from './clock.ts';
import { state, type ConditionState } from './condition-state.ts';
import type { Facts, OwnerFacts } from './facts.ts';
import { parentOf } from './name.ts';
import { problemsOf, unreadable } from './problems.ts';
import { sentences, several } from './several.ts';
import { transferProblem } from './zone-copies.ts';

export function propagated(facts: Facts): ConditionState {
  const owners = facts.owners.filter((owner) => owner.desired);
  const overdue = overdueTransfers(owners, facts);
  if (overdue !== undefined) return overdue;
  const answers = owners.map((owner) => owner.lagging);
  const behind = answers.flatMap((answer) => (answer.known ? (answer.value ?? []) : []));
  if (behind.length > 0) {
    const servers = several(behind);
    return state(
      'Propagated',
      'False',
      'ServersLag',
      `these name servers do not answer the current records yet: ${servers}`,
    );
  }
  const problems = [...unreadable(facts), ...problemsOf(answers)];
  const denied = deniedAbove(owners);
  if (denied !== undefined) return denied;
  const [first] = problems;
  if (first !== undefined) return state('Propagated', 'Unknown', first.code, sentences(problems));
  return answers.some((answer) => answer.known && answer.value !== undefined)
    ? state('Propagated', 'True', 'AllServersAnswer', 'every authoritative name server answers the current records')
    : state('Propagated', 'Unknown', 'NothingPublished', 'nothing is published yet, or a change is on its way');
}

function overdueTransfers(owners: readonly OwnerFacts[], facts: Facts): ConditionState | undefined {
  if (!isClockRight(facts)) return undefined;
  const problems = owners.flatMap(({ zone, watch }) =>
    zone.known && watch !== undefined ? (transferProblem(zone.value, watch.copies, facts.now) ?? []) : [],
  );
  return problems.length === 0 ? undefined : state('Propagated', 'False', 'TransferOverdue', several(problems, '; '));
}

/** Resolvers that ask name by name (RFC 9156), or know that nothing is below a name that does not exist (RFC 8020), stop there. */
function deniedAbove(owners: readonly OwnerFacts[]): ConditionState | undefined {
  const denied = owners.filter(({ watch }) => (watch?.denying ?? []).length > 0);
  if (denied.length === 0) return undefined;
  const servers = several(denied.flatMap(({ watch }) => watch?.denying ?? []));
  const names = several(denied.flatMap(({ owner }) => parentOf(owner) ?? []));
  return state(
    'Propagated',
    'False',
    'EmptyNonTerminalDenied',
    `these name servers say that ${names} does not exist (NXDOMAIN), though there are TLSA records below it: ${servers}; many resolvers then look no further, and senders find no records: the answer must be NOERROR without records (RFC 8020); update that server, or let it make the zone's denials anew`,
  );
}
