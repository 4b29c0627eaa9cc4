/** DNSProvider and ClusterDNSProvider: where records are published, with whose credentials, and who may ask for it. */
import { z } from 'zod';
import { conditions } from './condition.ts';
import type { API_VERSION, DeepReadonly, NamespacedMeta, ObjectMeta } from './object.ts';
import { atomicList, cel, int32, int64, matching, setOf, type CelRule } from './schema.ts';
import { dnsName, hostnamePattern, objectName, zoneName } from './texts.ts';

const HOST = '([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]+\\])';
const PORT = '(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})';

const secretKeyRef = z.object({
  name: objectName('Secret').describe('Its name.'),
  key: matching(
    /^[-._a-zA-Z0-9]+$/,
    253,
    'write a key of the Secret: letters, digits, hyphens, underscores and dots',
  ).describe('The key of the Secret that holds the value.'),
});

const rfc2136 = z.object({
  server: matching(
    new RegExp(`^${HOST}(:${PORT})?$`),
    260,
    'write host or host:port, as in ns1.example.nl, 192.0.2.53:5353 or [2001:db8::53]:53 (an IPv6 address stands in brackets)',
  ).describe('The primary name server, host[:port]; port 53 where none is given.'),
  tsigKeyName: matching(
    /^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/,
    253,
    'write the name of the TSIG key as the name server has it: a DNS name, as in tlsa-operator',
  ).describe('The name of the TSIG key, as the name server has it.'),
  tsigAlgorithm: z
    .enum(['hmac-sha256', 'hmac-sha384', 'hmac-sha512'])
    .default('hmac-sha256')
    .describe('The algorithm of the TSIG key, as the name server has it.'),
  tsigSecretRef: secretKeyRef.describe(
    "The Secret with the TSIG key in base64, as the name server has it. In the namespace of the DNSProvider; for a ClusterDNSProvider in the operator's.",
  ),
});

const accessKeySecretRef = z
  .object({ name: objectName('Secret').describe('Its name.') })
  .describe(
    "The Secret with an access key of AWS, under access-key-id and secret-access-key. In the namespace of the DNSProvider; for a ClusterDNSProvider in the operator's.",
  );

const route53Zones = {
  region: matching(
    /^[a-z]{2,3}(-[a-z]+)+-[0-9]$/,
    32,
    'write a region of AWS, as in us-east-1; Route 53 has one place for all regions of a partition',
  )
    .default('us-east-1')
    .describe('A region of AWS: it says which partition is meant, as cn-north-1 and us-gov-west-1 do.'),
  hostedZoneIDs: setOf(
    matching(/^Z[A-Z0-9]{1,31}$/, 32, 'write the ID of a hosted zone, as in Z0123456789ABCDEFGHIJ'),
    0,
    64,
  )
    .default([])
    .describe('Only these hosted zones are used; all public ones of the account when none is listed.'),
};

/** Whoever writes a DNSProvider brings his own key: neither the identity of the operator nor a place of his choice is used for him. */
const route53 = z.object({ ...route53Zones, accessKeySecretRef });

const route53OfCluster = z
  .object({
    ...route53Zones,
    accessKeySecretRef: accessKeySecretRef.optional(),
    roleARN: matching(
      /^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[A-Za-z0-9_+=,.@/-]+$/,
      2048,
      'write the ARN of a role, as in arn:aws:iam::123456789012:role/dns',
    )
      .optional()
      .describe('A role to assume (STS) with that key, or with the identity of the operator where no key is given.'),
    externalID: matching(
      /^[A-Za-z0-9_+=,.@:/-]+$/,
      1224,
      'write the external ID that the trust policy of the role asks for: letters, digits and _+=,.@:/-',
    )
      .optional()
      .describe("What the role's trust policy asks for beside the identity."),
    endpoint: matching(
      new RegExp(`^https?://${HOST}(:${PORT})?$`),
      2048,
      'write a URL without a path, as in https://route53.internal.example.nl',
    )
      .optional()
      .describe("Another place than AWS's own for Route 53: a private endpoint, or a test."),
  })
  .meta(
    cel({ rule: '!has(self.externalID) || has(self.roleARN)', message: 'externalID goes with roleARN: set that too' }),
  );

const powerdns = z.object({
  url: matching(
    new RegExp(`^https?://${HOST}(:${PORT})?(/[A-Za-z0-9._~-]+)*$`),
    2048,
    'write the URL of the web server of PowerDNS without a final slash, as in https://ns1.example.nl:8081; what the API adds to it (/api/v1) is left out',
  ).describe('Where the web server of PowerDNS is, which must be the primary of the zones; /api/v1 is left out.'),
  serverID: matching(/^[A-Za-z0-9._-]+$/, 64, 'write the ID of the server, which is localhost')
    .default('localhost')
    .describe(
      'The ID of the server in its API; localhost on every PowerDNS, another one where something stands between.',
    ),
  caBundle: matching(
    /^\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s-]+$/,
    65_536,
    'write certificates in PEM, as they are: not in base64 once more',
  )
    .optional()
    .describe('The CAs that may have issued its TLS certificate, in PEM; those of the system where none are given.'),
  apiKeySecretRef: secretKeyRef.describe(
    "The Secret with the API key. In the namespace of the DNSProvider; for a ClusterDNSProvider in the operator's.",
  ),
});

const describeRfc2136 =
  'A name server that takes dynamic updates (RFC 2136) signed with TSIG: BIND, Knot, PowerDNS and others.';
const describeRoute53 = 'Amazon Route 53.';

/** The providers there are: a spec names exactly one. */
const providers = {
  rfc2136: rfc2136.optional().describe(describeRfc2136),
  route53: route53.optional().describe(describeRoute53),
  powerdns: powerdns.optional().describe('PowerDNS Authoritative Server, by its HTTP API.'),
};

const clusterProviders = {
  ...providers,
  route53: route53OfCluster.optional().describe(describeRoute53),
};

const exactlyOneProvider: CelRule = {
  rule: `[${Object.keys(providers)
    .map((name) => `has(self.${name})`)
    .join(', ')}].filter(given, given).size() == 1`,
  message: `name exactly one provider: ${Object.keys(providers).join(', ')}`,
};

const rateOfApisOnly: CelRule = {
  rule: '!has(self.requestsPerSecond) || !has(self.rfc2136)',
  message: 'requestsPerSecond is for providers with an API of their own; dynamic updates are not limited',
};

const labelValue = () => z.string().max(63);
const labelSelectorRequirement = z
  .object({
    key: z.string().max(316).describe('The label.'),
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']).describe('How it is compared.'),
    values: atomicList(labelValue(), 64).optional().describe('What it is compared with.'),
  })
  .meta(
    cel({
      rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
      message: 'In and NotIn need values; Exists and DoesNotExist take none',
    }),
  );

/** `metav1.LabelSelector`. */
const labelSelector = z
  .object({
    matchLabels: z
      .record(z.string(), labelValue())
      .optional()
      .meta({ maxProperties: 32 })
      .describe('Labels that a namespace must have.'),
    matchExpressions: atomicList(labelSelectorRequirement, 32)
      .optional()
      .describe('Further requirements; all must hold.'),
  })
  .meta({ 'x-kubernetes-map-type': 'atomic' });

const allowance = z.object({
  namespaceSelector: labelSelector.describe('Which namespaces, by their labels; {} is every namespace.'),
  hostnames: setOf(hostnamePattern(), 1, 16).describe(
    'Which hosts: mx1.example.nl is that one, *.example.nl all below example.nl at any depth.',
  ),
});

const common = {
  zones: setOf(zoneName(), 0, 64)
    .default([])
    .describe('Only these zones are used; all that the provider has when none is listed.'),
  requestsPerSecond: int32(1, 1000)
    .optional()
    .describe(
      'How many requests go to the API, 5 where nothing is said. Providers that share an account share them: the smallest counts. Not for rfc2136.',
    ),
};

export const dnsProviderSpec = z.object({ ...providers, ...common }).meta(cel(exactlyOneProvider, rateOfApisOnly));
export type DnsProviderSpec = DeepReadonly<z.output<typeof dnsProviderSpec>>;

export const clusterDnsProviderSpec = z
  .object({
    ...clusterProviders,
    ...common,
    allow: atomicList(allowance, 128).describe(
      'Who may publish what: a MailServer may use this provider for a host when one entry names both its namespace and the host. [] is nobody.',
    ),
  })
  .meta(cel(exactlyOneProvider, rateOfApisOnly));
export type ClusterDnsProviderSpec = DeepReadonly<z.output<typeof clusterDnsProviderSpec>>;

const zone = z.object({
  name: dnsName().describe('The zone.'),
  id: z.string().max(253).optional().describe("The provider's own identifier of it."),
  signing: z
    .enum(['Signing', 'NotSigning', 'Unknown'])
    .describe('Whether the provider signs it with DNSSEC; Unknown where it cannot be asked.'),
  dsAtParent: z
    .boolean()
    .optional()
    .describe('Whether the parent zone has a DS record for it, so that its signatures count.'),
});

export const dnsProviderStatus = z.object({
  observedGeneration: int64(-1).describe('The generation of the spec that this status is about; -1 before the first.'),
  conditions: conditions(),
  zones: atomicList(zone, 1024).optional().describe('The zones in use.'),
});
export type DnsProviderStatus = DeepReadonly<z.output<typeof dnsProviderStatus>>;

/** As the API server gives it, its defaults filled in. */
export interface DnsProvider {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'DNSProvider';
  readonly metadata: NamespacedMeta;
  readonly spec: DnsProviderSpec;
  readonly status: DnsProviderStatus;
}

/** As the API server gives it, its defaults filled in. */
export interface ClusterDnsProvider {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'ClusterDNSProvider';
  readonly metadata: ObjectMeta;
  readonly spec: ClusterDnsProviderSpec;
  readonly status: DnsProviderStatus;
}
