/** Changes as UPDATE requests: many owners in one, and again in halves where the server refuses. */
import { OperatorError, stalled } from '../../../core/errors.ts';
import type { Name } from '../../../core/name.ts';
import { encodeTlsa, union, without } from '../../../core/tlsa.ts';
import { Rcode } from '../../constants.ts';
import { EDNS } from '../../edns.ts';
import { query } from '../../query.ts';
import { encodeRecord, type ResourceRecord } from '../../resource-record.ts';
import { add, deleteRecord, deleteRRset, rrsetDoesNotExist, rrsetHolds, update } from '../../update.ts';
import { sendInHalves, type Placed, type Sent, type Several } from '../in-halves.ts';
import type { Change, ChangeResult, Zone } from '../provider.ts';
import type { Client, Reply } from './client.ts';
import { failureOf, primaryError, type PrimaryFailure } from './errors.ts';

/** One change may be longer, up to what fits into a message beside the signature; several together may not. */
const MAX_SHARED_OCTETS = 16_384;
const MAX_OCTETS = 65_000;

/** A change in the words of UPDATE. */
interface Step extends Placed {
  readonly owner: Name;
  readonly prerequisites: readonly ResourceRecord[];
  readonly updates: readonly ResourceRecord[];
  readonly octets: number;
}

/** One result a change, in order. Never rejects. */
export async function applyChanges(
  client: Client,
  zone: Zone,
  changes: readonly Change[],
  signal?: AbortSignal,
): Promise<readonly ChangeResult[]> {
  const results: ChangeResult[] = [];
  /** Asked at most once. */
  let probe: Promise<Reply> | undefined;

  const send = async (steps: Several<Step>): Promise<Sent> => {
    const [first, ...others] = steps;
    const alone = others.length === 0;
    const octets = steps.reduce((sum, step) => sum + step.octets, 0);
    if (!alone && octets > MAX_SHARED_OCTETS) return 'Divide';

    const message = update(
      zone.name,
      steps.flatMap(({ prerequisites }) => prerequisites),
      steps.flatMap(({ updates }) => updates),
    );
    const reply = await client.update(message, signal);
    if (reply.verified && reply.message.rcode === Rcode.NoError) return { result: { outcome: 'Applied' } };
    const conflict = reply.verified && isConflict(reply.message.rcode);
    const failure = reply.verified ? failureOf(reply.message.rcode) : await whyRefused(reply.failure);
    if (!conflict && !isAboutTheChanges(failure)) {
      const over = primaryError(failure, client.place(zone.name));
      return { result: { outcome: !reply.verified && reply.mayBeDone ? 'Unknown' : 'Refused', error: over }, over };
    }
    if (!alone) return 'Divide';
    if (conflict) return { result: { outcome: 'Conflict' } };
    return { result: { outcome: 'Refused', error: primaryError(failure, client.place(first.owner)) } };
  };

  /**
   * To an update, Knot says BADKEY where its ACL forbids it, and PowerDNS REFUSED, unsigned, where it does not accept the key: what a
   * question with the key is answered tells the two apart.
   */
  const whyRefused = async (failure: PrimaryFailure): Promise<PrimaryFailure> => {
    if (failure !== 'KeyUnknown' && failure !== 'Refused') return failure;
    probe ??= client.ask(query(zone.name, 'SOA', [], EDNS), signal);
    const reply = await probe;
    if (reply.verified) return 'Refused';
    return reply.failure === 'KeyRefused' ? reply.failure : failure;
  };

  const steps: Step[] = [];
  for (const [index, change] of changes.entries()) {
    try {
      steps.push({ index, ...stepOf(change) });
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      results[index] = { outcome: 'Refused', error };
    }
  }
  await sendInHalves([steps], results, send);
  return results;
}

/**
 * RFC 2136 §2.4, §2.5. The value is written anew as a whole, so that every record of it has this TTL: an RRset has one (RFC 2181 §5.2),
 * and servers differ in what an addition with another TTL does to the rest. A CNAME must be absent because an addition beside one is
 * dropped without an error (§3.4.2.2).
 * @throws OperatorError `InvalidName`, `RecordSetTooLarge`
 */
function stepOf(change: Change): Omit<Step, 'index'> {
  const { owner, expected, ttlSeconds } = change;
  if (change.isUnseen === true) return unseenStepOf(change);
  const prerequisites = [
    rrsetDoesNotExist(owner, 'CNAME'),
    ...(expected.records.length === 0
      ? [rrsetDoesNotExist(owner, 'TLSA')]
      : expected.records.map((record) => rrsetHolds(owner, 'TLSA', encodeTlsa(record)))),
  ];
  const target = union(without(expected.records, change.remove), change.add);
  const updates = [
    deleteRRset(owner, 'TLSA'),
    ...target.map((record) => add(owner, 'TLSA', ttlSeconds, encodeTlsa(record))),
  ];
  const octets = [...prerequisites, ...updates].reduce((sum, record) => sum + encodeRecord(record).length, 0);
  if (octets > MAX_OCTETS) {
    throw stalled(
      'RecordSetTooLarge',
      `the TLSA records at ${owner} are too large for one DNS message of 64 KiB: remove those that carry whole certificates (matching type 0)`,
    );
  }
  return { owner, prerequisites, updates, octets };
}

/** §2.5.4: a record that is not there is no error. */
function unseenStepOf({ owner, remove }: Change): Omit<Step, 'index'> {
  const updates = remove.map((record) => deleteRecord(owner, 'TLSA', encodeTlsa(record)));
  return {
    owner,
    prerequisites: [],
    updates,
    octets: updates.reduce((sum, record) => sum + encodeRecord(record).length, 0),
  };
}

function isConflict(rcode: number): boolean {
  return rcode === Rcode.YXRRSet || rcode === Rcode.NXRRSet;
}

/** May one of several changes be what is refused? Else the next request would fare no better. */
function isAboutTheChanges(failure: PrimaryFailure): boolean {
  return ['Refused', 'FormErr', 'ServFail', 'NotZone', 'Unexpected'].includes(failure);
}
