/** Promote: may this MailServer's serving Secrets be written, and are those who share them ready (docs/rollover.md, "Promote")? */
import type { MailServer } from '../api/mail-server.ts';
import { sameLeaf, type ChainSummary } from '../core/chain-summary.ts';
import { stalled, type OperatorError } from '../core/errors.ts';
import { known, unknown, type Known, type Promotion } from '../core/facts.ts';
import { hasSay } from '../core/has-say.ts';
import { several } from '../core/several.ts';
import { objectKey, type ObjectKey } from '../kube/resource.ts';
import {
  isServingFor,
  otherUses,
  permitsCopy,
  PROMOTE_TO,
  SERVING_FOR,
  servingKeyOf,
  sharesPair,
  usersOf,
  isGoing,
} from './secret-pairs.ts';
import { pairsOf, type SecretPair } from './objects.ts';
import type { Stores } from './stores.ts';

export interface PromotionSources {
  readonly mailServers: Pick<Stores['mailServers'], 'byIndex'>;
  readonly secrets: Pick<Stores['secrets'], 'get'>;
  /** Why the last attempt to write a serving Secret failed. */
  readonly lastError: (serving: ObjectKey) => OperatorError | undefined;
}

/**
 * By `servingSecretName`.
 * @param chains what the Secrets of the spec hold
 */
export function promotionsOf(
  mailServer: MailServer,
  chains: ReadonlyMap<string, Known<ChainSummary>>,
  sources: PromotionSources,
): ReadonlyMap<string, Promotion> {
  return new Map(
    pairsOf(mailServer).map((pair) => {
      const users = usersOf(pair, mailServer, sources.mailServers);
      const sharers = users.filter((user) => sharesPair(user, pair));
      const source = chains.get(pair.secretName);
      return [
        pair.servingSecretName,
        {
          permitted: permitted(pair, mailServer, users, sources),
          withheldBy: sharers
            .filter(counts)
            .filter((user) => !isReady(user, pair, source))
            .map(({ metadata }) => metadata.name),
          unnamed: unnamed(pair, [mailServer, ...sharers], sources),
          lastAttempt: sources.lastError(servingKeyOf(mailServer, pair)),
        },
      ];
    }),
  );
}

function permitted(
  pair: SecretPair,
  mailServer: MailServer,
  users: readonly MailServer[],
  { secrets }: PromotionSources,
): Known<true> {
  const { namespace, name } = mailServer.metadata;
  const sourceKey = objectKey(namespace, pair.secretName);
  const servingKey = servingKeyOf(mailServer, pair);
  const staying = [mailServer, ...users].filter((user) => !isGoing(user));
  const rivals = staying.flatMap((user) =>
    otherUses(user, pair).map((other) => `MailServer ${nameOf(user)} has ${pairText(other)}`),
  );
  if (rivals.length > 0) {
    return unknown(
      stalled(
        'ServingSecretConflict',
        `${several(rivals)}, and this one ${pairText(pair)}; MailServers may share such a pair, but no single Secret of it: choose another Secret for one of them`,
      ),
    );
  }
  const source = secrets.get(sourceKey);
  // A source that is missing is told as such, and has nothing to copy.
  if (source !== undefined && !permitsCopy(source, pair)) {
    return unknown(
      stalled(
        'SourceNotAnnotated',
        `Secret ${sourceKey} does not permit that it is copied; give it the annotation ${PROMOTE_TO}: ${pair.servingSecretName} (cert-manager: in the Certificate's secretTemplate)`,
      ),
    );
  }
  const serving = secrets.get(servingKey);
  const sharers = [name, ...users.filter((user) => sharesPair(user, pair)).map(({ metadata }) => metadata.name)];
  if (serving !== undefined && !isServingFor(serving, sharers)) {
    return unknown(
      stalled(
        'ServingSecretNotOurs',
        `Secret ${servingKey} exists and was not made by the operator for this MailServer; choose another servingSecretName, or let it be taken over by the annotation ${SERVING_FOR}: ${name} on it`,
      ),
    );
  }
  return known(true);
}

/** Those that stay, once it is named for one of them. */
function unnamed(
  pair: SecretPair,
  sharers: readonly MailServer[],
  { secrets }: PromotionSources,
): readonly string[] | undefined {
  const [first] = sharers;
  const serving = first && secrets.get(servingKeyOf(first, pair));
  const isWritten = serving !== undefined && isServingFor(serving, sharers.map(nameOf));
  const missing = isWritten ? sharers.filter((one) => !isGoing(one) && !isServingFor(serving, [nameOf(one)])) : [];
  return missing.length > 0 ? missing.map(nameOf) : undefined;
}

function pairText({ secretName, servingSecretName }: MailServer['spec']['certificates'][number]): string {
  return `secretName ${secretName} ${servingSecretName === undefined ? 'alone' : `with servingSecretName ${servingSecretName}`}`;
}

function nameOf({ metadata }: MailServer): string {
  return metadata.name;
}

/** One whose spec is refused, or that is going, has none, unless senders may remember records of it. */
export function counts(mailServer: MailServer): boolean {
  const { status } = mailServer;
  const refused = status.conditions?.find(({ type, status: is }) => type === 'Accepted' && is === 'False');
  return hasSay({
    refusal: refused?.reason,
    mayBePublished: refused === undefined && !isGoing(mailServer),
    isRemembered: (status.recordSets ?? []).length > 0,
  });
}

/** Does it say, of what is to be served next, that no sender of its would refuse it? Or is it there already? */
export function isReady(
  { status }: MailServer,
  { secretName }: Pick<SecretPair, 'secretName'>,
  source: Known<ChainSummary> | undefined,
): boolean {
  const certificate = status.certificates?.find((one) => one.secretName === secretName);
  if (source?.known !== true || certificate === undefined || certificate.mode === 'Observe') return false;
  const states = certificate.chains.filter((chain) => sameLeaf(chain, source.value)).map(({ state }) => state);
  if (!states.includes('Candidate')) return states.includes('Serving');
  const { stage, reason } = certificate.candidate ?? {};
  // It waits for nothing but the others.
  return stage === 'Open' || (stage === 'Withheld' && reason === 'WithheldByOther');
}

/** All of a MailServer that others who share a Secret with it look at, and Gate's requests for that Secret, as a text to compare. */
export function readinessOf(mailServer: MailServer | undefined): string {
  if (mailServer === undefined) return '';
  const { spec, status } = mailServer;
  const certificates = (status.certificates ?? []).map(({ secretName, mode, candidate, chains }) => {
    const current = chains.filter(({ state }) => state === 'Candidate' || state === 'Serving');
    return [
      secretName,
      mode,
      candidate,
      current.map(({ state, spkiSHA256, notAfter }) => [state, spkiSHA256, notAfter]),
    ];
  });
  return JSON.stringify([
    isGoing(mailServer),
    counts(mailServer),
    spec.certificates,
    spec.compromisedKeys,
    certificates,
  ]);
}
