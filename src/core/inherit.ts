/**
 * Handing over: an owner that another MailServer gets, with all that senders may have been given there, and all that may still be met.
 *
 * The one that lets go writes into its status who gets it (`handedTo`), and changes nothing there from then on. The heir takes it into
 * its own status. Only when it stands there the former one forgets it: at each moment somebody remembers.
 */
import { sameLeaf, withSent } from './chain-summary.ts';
import { transient, type OperatorError } from './errors.ts';
import type { Desired, Heir } from './facts.ts';
import { handedOut } from './history.ts';
import { fitting } from './history-room.ts';
import { placeOf } from './place.ts';
import type { State, StoredCertificate, StoredChain, StoredRecord, StoredRecordSet, Version } from './state.ts';

/** What a MailServer hands to another. */
export interface Heritage {
  readonly recordSet: StoredRecordSet;
  /** What may be met there; nothing, where the heir only looks after what senders remember. */
  readonly certificates: readonly StoredCertificate[];
}

export function handover({ owner }: Pick<StoredRecordSet, 'owner'>, { name }: Pick<Heir, 'name'>): OperatorError {
  return transient('OwnerHandover', `${owner} is being handed over to MailServer ${name}, with its history`);
}

/** Does this status remember all that the record set does? */
export function hasHistory(recordSets: readonly StoredRecordSet[] | undefined, from: StoredRecordSet): boolean {
  const last = from.versions.at(-1);
  const own = recordSets?.find((one) => placeOf(one) === placeOf(from));
  if (own === undefined) return false;
  return last === undefined || own.versions.some((version) => isAsLate(version, last));
}

function isAsLate(version: Version, last: Version): boolean {
  if (version.writtenAt !== last.writtenAt) return Date.parse(version.writtenAt) > Date.parse(last.writtenAt);
  return version.kind === last.kind && version.records.join() === last.records.join();
}

export function inherit(state: State, heritage: readonly Heritage[], desired: Pick<Desired, 'waitTTLs'>): State {
  return heritage.reduce(
    (heir, { recordSet, certificates }) => ({
      ...heir,
      recordSets: withRecordSet(heir.recordSets, recordSet, desired),
      certificates: certificates.reduce(withCertificate, heir.certificates),
    }),
    state,
  );
}

/** What the heir remembers of an earlier time, when it had the owner itself, comes before. */
function withRecordSet(
  recordSets: readonly StoredRecordSet[],
  handed: StoredRecordSet,
  desired: Pick<Desired, 'waitTTLs'>,
): readonly StoredRecordSet[] {
  const from: StoredRecordSet = { ...handed, handedTo: undefined };
  const own = recordSets.find((one) => placeOf(one) === placeOf(from));
  if (own === undefined) return [...recordSets, from];
  const earlier = handedOut(own);
  const places = earlier.at(-1)?.n ?? 0;
  const versions = [...earlier, ...from.versions.map((version) => ({ ...version, n: places + version.n }))];
  const merged = { ...from, records: together(own, from), versions: fitting(versions, { desired }) };
  return recordSets.map((one) => (one === own ? merged : one));
}

/** What was one's is the heir's, whatever it was to the other. */
function together(...recordSets: readonly StoredRecordSet[]): readonly StoredRecord[] {
  const records = recordSets.flatMap((recordSet) => recordSet.records);
  const isForeign = ({ role }: StoredRecord): boolean => role === 'Foreign';
  const oursLast = [...records.filter(isForeign), ...records.filter((record) => !isForeign(record))];
  return [...new Map(oursLast.map((record) => [record.data, record])).values()];
}

/** A chain that the heir's Secrets do not hold is a former one from now on, by the rule for Secrets that the spec does not name. */
function withCertificate(
  before: readonly StoredCertificate[],
  { secretName, mode, chains }: StoredCertificate,
): readonly StoredCertificate[] {
  const certificates = before.map((one) => ({ ...one, chains: one.chains.map((chain) => asSent(chain, chains)) }));
  const own = certificates.find((one) => one.secretName === secretName);
  const known = certificates.flatMap((one) => one.chains);
  const more = chains.filter((chain) => !known.some((other) => sameLeaf(other, chain)));
  if (more.length === 0) return certificates;
  if (own === undefined) return [...certificates, { secretName, mode, chains: more }];
  return certificates.map((one) => (one === own ? { ...own, chains: [...own.chains, ...more] } : one));
}

/** The other one may have seen that it is sent with less than its Secret has. */
function asSent(chain: StoredChain, seen: readonly StoredChain[]): StoredChain {
  const same = seen.find((other) => sameLeaf(other, chain));
  if (same === undefined) return chain;
  return withSent(
    chain,
    chain.caSPKISHA256s.filter((ca) => same.caSPKISHA256s.includes(ca)),
  );
}
