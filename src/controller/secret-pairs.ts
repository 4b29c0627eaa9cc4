/** Promote: which Secret is copied into which, for whom, and what on them permits it. */
import type { MailServer } from '../api/mail-server.ts';
import { objectKey, type ObjectKey, type PartialObject } from '../kube/resource.ts';
import { pairsOf, type SecretPair } from './objects.ts';
import type { Stores } from './stores.ts';

/** On a source Secret: it may be copied into the Secret of this name. */
export const PROMOTE_TO = 'tlsa-operator.io/promote-to';
/** On a serving Secret: the MailServers for which it may be written, separated by commas. */
export const SERVING_FOR = 'tlsa-operator.io/serving-for';

type MailServers = Pick<Stores['mailServers'], 'byIndex'>;

/** This MailServer and those who share the pair: for them the serving Secret is written. */
export function sharersOf(pair: SecretPair, mailServer: MailServer, mailServers: MailServers): string[] {
  const sharers = usersOf(pair, mailServer, mailServers).filter((user) => sharesPair(user, pair));
  return [mailServer, ...sharers].map(({ metadata }) => metadata.name);
}

export function servingKeyOf({ metadata }: MailServer, { servingSecretName }: SecretPair): ObjectKey {
  return objectKey(metadata.namespace, servingSecretName);
}

export function permitsCopy(source: PartialObject, { servingSecretName }: SecretPair): boolean {
  return source.metadata.annotations?.[PROMOTE_TO] === servingSecretName;
}

/** Was it made for one of these MailServers, or given to one? */
export function isServingFor(serving: PartialObject, mailServers: readonly string[]): boolean {
  return servingFor(serving).some((name) => mailServers.includes(name));
}

export function servingFor({ metadata }: PartialObject): string[] {
  const names = (metadata.annotations?.[SERVING_FOR] ?? '').split(',').map((name) => name.trim());
  return names.filter((name) => name !== '');
}

/** The others that use one of the two Secrets, in whatever way; also those that are going. */
export function usersOf(pair: SecretPair, { metadata }: MailServer, mailServers: MailServers): MailServer[] {
  const users = [pair.secretName, pair.servingSecretName].flatMap((name) =>
    mailServers.byIndex('secret', objectKey(metadata.namespace, name)),
  );
  return [...new Set(users)].filter((user) => user.metadata.uid !== metadata.uid);
}

/** One of those that share a pair of Secrets with a MailServer and stay. */
export function caretakerOf(mailServer: MailServer, mailServers: MailServers): MailServer | undefined {
  const [first] = pairsOf(mailServer)
    .flatMap((pair) => usersOf(pair, mailServer, mailServers).filter((user) => sharesPair(user, pair)))
    .filter((user) => !isGoing(user))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return first;
}

export function sharesPair(mailServer: MailServer, pair: SecretPair): boolean {
  return pairsOf(mailServer).some((other) => isSamePair(other, pair));
}

/** Its certificates that have one Secret of this pair, and not both as they are here. */
export function otherUses({ spec }: MailServer, pair: SecretPair): MailServer['spec']['certificates'] {
  const names = [pair.secretName, pair.servingSecretName];
  return spec.certificates
    .filter((certificate) => !isSamePair(certificate, pair))
    .filter(({ secretName, servingSecretName }) =>
      [secretName, servingSecretName].some((name) => name !== undefined && names.includes(name)),
    );
}

function isSamePair(
  a: Pick<SecretPair, 'secretName'> & { readonly servingSecretName?: string | undefined },
  b: SecretPair,
): boolean {
  return a.secretName === b.secretName && a.servingSecretName === b.servingSecretName;
}

export function isGoing({ metadata }: MailServer): boolean {
  return metadata.deletionTimestamp !== undefined;
}
