/** From a DNSProvider or ClusterDNSProvider to what can be worked with: its credential, and the provider that uses it. */
import { stalled, transient } from '../core/errors.ts';
import type { DnsProvider } from '../dns/providers/provider.ts';
import { createPowerDnsProvider } from '../dns/providers/powerdns/index.ts';
import { DEFAULT_REQUESTS_PER_SECOND, type RequestRates } from '../dns/providers/request-rates.ts';
import { createRfc2136Provider } from '../dns/providers/rfc2136/index.ts';
import { createRoute53Provider } from '../dns/providers/route53/index.ts';
import { createZoneWriter } from '../dns/providers/zone-writer.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { ActiveProvider } from './active-providers.ts';
import { measured } from './measured-provider.ts';
import type { ProviderKey, ProviderObject } from './objects.ts';
import type { ReadSecret } from './secret-chains.ts';

export interface ProviderMaker {
  readonly now: () => number;
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly leads: () => boolean;
  readonly metrics: Pick<Metrics, 'dnsRequest'>;
  readonly readSecret: ReadSecret;
  /** Where the Secrets of ClusterDNSProviders are. */
  readonly operatorNamespace: string;
  /** Shared by all. */
  readonly rates: RequestRates;
}

/** What of a Secret a provider asks for. */
interface CredentialRef {
  /** Of the spec, for people. */
  readonly field: string;
  readonly name: string;
  readonly keys: readonly string[];
}

export interface Credential {
  /** In the order of the keys; none where the provider is to use the identity of the pod. */
  readonly values: readonly string[];
  /** Another one, another credential. */
  readonly version: string;
}

/** @throws OperatorError `CredentialNotFound`, `ProviderNotSupported` */
export async function readCredential(object: ProviderObject, maker: ProviderMaker): Promise<Credential> {
  const ref = credentialRefOf(object);
  if (ref === undefined) return { values: [], version: 'identity' };
  const { field, name, keys } = ref;
  const namespace = object.kind === 'DNSProvider' ? object.metadata.namespace : maker.operatorNamespace;
  const where = `Secret ${namespace}/${name}`;
  const secret = await maker.readSecret(namespace, name);
  if (secret === undefined) throw transient('CredentialNotFound', `${where} does not exist (yet); ${field} names it`);
  const values = keys.map((key) => {
    const value = secret.data?.[key];
    if (value === undefined || value === '')
      throw stalled('CredentialNotFound', `${where} has no key ${JSON.stringify(key)}; ${field} names it`);
    return Buffer.from(value, 'base64').toString('latin1');
  });
  return { values, version: secret.metadata.resourceVersion };
}

function credentialRefOf({ kind, spec }: ProviderObject): CredentialRef | undefined {
  if (spec.rfc2136 !== undefined) {
    const { name, key } = spec.rfc2136.tsigSecretRef;
    return { field: 'spec.rfc2136.tsigSecretRef', name, keys: [key] };
  }
  if (spec.route53 !== undefined) {
    const { accessKeySecretRef } = spec.route53;
    const field = 'spec.route53.accessKeySecretRef';
    if (accessKeySecretRef !== undefined)
      return { field, name: accessKeySecretRef.name, keys: ['access-key-id', 'secret-access-key'] };
    if (kind === 'ClusterDNSProvider') return undefined;
    throw stalled('CredentialNotFound', `a DNSProvider uses a key of its own: ${field} must name its Secret`);
  }
  if (spec.powerdns !== undefined) {
    const { name, key } = spec.powerdns.apiKeySecretRef;
    return { field: 'spec.powerdns.apiKeySecretRef', name, keys: [key] };
  }
  throw notSupported();
}

/** @throws OperatorError what of the spec or the credential cannot be used */
export function makeProvider(
  key: ProviderKey,
  object: ProviderObject,
  credential: Credential,
  maker: ProviderMaker,
): ActiveProvider {
  const [name, provider] = providerOf(key, object, credential, maker);
  const dns = measured(provider, name, maker.metrics);
  return {
    dns,
    writer: createZoneWriter(dns),
    allow: object.kind === 'ClusterDNSProvider' ? object.spec.allow : undefined,
  };
}

function providerOf(
  key: ProviderKey,
  { kind, spec }: ProviderObject,
  { values }: Credential,
  { now, random, sleep, leads, rates }: ProviderMaker,
): readonly [name: string, provider: DnsProvider] {
  // Whoever may write a DNSProvider into a namespace must not reach what only this pod can, nor be taken for it.
  const isTenants = kind === 'DNSProvider';
  const { rfc2136, zones, requestsPerSecond = DEFAULT_REQUESTS_PER_SECOND } = spec;
  const common = { zones, maySend: leads, now };
  if (rfc2136 !== undefined) {
    const { server, tsigKeyName, tsigAlgorithm } = rfc2136;
    const [tsigSecret = ''] = values;
    const provider = createRfc2136Provider({
      ...common,
      server,
      tsigKeyName,
      tsigAlgorithm,
      tsigSecret,
      refuseLocal: isTenants,
    });
    return ['rfc2136', provider];
  }
  if (spec.route53 !== undefined) {
    const { region, hostedZoneIDs } = spec.route53;
    const { roleARN, externalID, endpoint } = kind === 'ClusterDNSProvider' ? (spec.route53 ?? {}) : {};
    const [id, secret] = values.map((value) => value.trim());
    const accessKey = id === undefined || secret === undefined ? undefined : { id, secret };
    const account = roleARN?.split(':')[4] ?? accessKey?.id ?? 'of the pod';
    const provider = createRoute53Provider({
      ...common,
      region,
      hostedZoneIDs,
      endpoint,
      accessKey,
      role: roleARN === undefined ? undefined : { arn: roleARN, externalID },
      forTenant: isTenants,
      rate: rates.join(`route53 ${account}`, key, requestsPerSecond),
      random,
      sleep,
    });
    return ['route53', provider];
  }
  if (spec.powerdns !== undefined) {
    const { url, serverID, caBundle } = spec.powerdns;
    const [apiKey = ''] = values.map((value) => value.trim());
    const rate = rates.join(`powerdns ${url}`, key, requestsPerSecond);
    const provider = createPowerDnsProvider({
      ...common,
      url,
      serverID,
      caBundle,
      apiKey,
      refuseLocal: isTenants,
      rate,
    });
    return ['powerdns', provider];
  }
  throw notSupported();
}

/** CEL sees to it that exactly one provider is named; a newer CRD may know one that this program does not. */
function notSupported(): Error {
  return stalled(
    'ProviderNotSupported',
    'spec names a provider that this version does not know; install the version that the CRDs belong to',
  );
}
