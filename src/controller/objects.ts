/** How the objects that this room watches name each other: keys and indexes. */
import type { ClusterDnsProvider, DnsProvider } from '../api/dns-provider.ts';
import type { MailPort, MailServer } from '../api/mail-server.ts';
import { ownerName, type Name } from '../core/name.ts';
import { objectKey, type ObjectKey } from '../kube/resource.ts';

export type ProviderObject = DnsProvider | ClusterDnsProvider;

/** `DNSProvider/namespace/name` or `ClusterDNSProvider/name`. */
export type ProviderKey = string;

export function providerKeyOf(mailServer: MailServer, providerName = providerNameOf(mailServer)): ProviderKey {
  const [kind = '', name = ''] = providerName.split('/');
  return kind === 'DNSProvider' ? `${kind}/${objectKey(mailServer.metadata.namespace, name)}` : providerName;
}

/** How a provider is named in status: `DNSProvider/<name>`, of the MailServer's namespace, or `ClusterDNSProvider/<name>`. */
export function providerNameOf({ spec: { providerRef } }: MailServer): string {
  return `${providerRef.kind}/${providerRef.name}`;
}

export interface OwnerIdentity {
  readonly owner: Name;
  readonly hostname: Name;
  readonly port: number;
}

/** One that the spec asks for. */
export interface DesiredOwner extends OwnerIdentity {
  readonly port: MailPort;
}

/** The owner names that the spec asks for: hostnames x ports. */
export function ownersOf(mailServer: MailServer): DesiredOwner[] {
  const { hostnames, ports } = mailServer.spec;
  return hostnames.flatMap((hostname) => ports.map((port) => ({ owner: ownerName(hostname, port), hostname, port })));
}

/** Hostname and port of an owner name that the spec no longer asks for. */
export function identityOf(owner: Name): OwnerIdentity {
  const [, port, hostname] = /^_([0-9]+)\._tcp\.(.+)$/.exec(owner) ?? [];
  return { owner, hostname: hostname ?? owner, port: Number(port ?? 0) };
}

/** The Secrets that the spec names: those that pods mount, and those from which they are filled. */
export function secretNamesOf({ spec }: MailServer): string[] {
  return spec.certificates.flatMap(({ secretName, servingSecretName }) => [secretName, servingSecretName ?? []].flat());
}

/** The same, as `namespace/name`. */
export function secretKeysOf(mailServer: MailServer): ObjectKey[] {
  return secretNamesOf(mailServer).map((name) => objectKey(mailServer.metadata.namespace, name));
}

export function providerKey(
  kind: ProviderObject['kind'],
  object: { readonly metadata: { readonly namespace?: string; readonly name: string } },
): ProviderKey {
  return `${kind}/${objectKey(object.metadata.namespace, object.metadata.name)}`;
}

/** What one MailServer asks to be copied. */
export interface SecretPair {
  readonly secretName: string;
  readonly servingSecretName: string;
}

export function pairsOf({ spec }: MailServer): SecretPair[] {
  return spec.certificates.flatMap(({ secretName, servingSecretName }) =>
    servingSecretName === undefined ? [] : { secretName, servingSecretName },
  );
}
