/** The kinds of objects there are: how they are called, what they hold, and what `kubectl get` shows of them. */
import type { z } from 'zod';
import { clusterDaneIssuerSpec, daneIssuerSpec, daneIssuerStatus } from './dane-issuer.ts';
import { clusterDnsProviderSpec, dnsProviderSpec, dnsProviderStatus } from './dns-provider.ts';
import { mailServerStatus } from './mail-server-status.ts';
import { mailServerSpec } from './mail-server.ts';

export interface PrinterColumn {
  readonly name: string;
  /** `date` shows a point in time as an age, and one in the future as invalid. */
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  /** Above 0: only with `-o wide`. */
  readonly priority?: number;
}

export interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly shortName: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly description: string;
  readonly columns: readonly PrinterColumn[];
  readonly spec: z.ZodObject;
  readonly status: z.ZodObject;
}

const ofCondition = (name: string, type: string, field: 'status' | 'reason'): PrinterColumn => ({
  name,
  type: 'string',
  jsonPath: `.status.conditions[?(@.type=="${type}")].${field}`,
});

const ready = [ofCondition('Ready', 'Ready', 'status'), ofCondition('Reason', 'Ready', 'reason')];
const issuer: PrinterColumn = { name: 'Issuer', type: 'string', jsonPath: '.spec.issuerRef.name' };
const age: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

export const KINDS: readonly Kind[] = [
  {
    kind: 'MailServer',
    plural: 'mailservers',
    shortName: 'mxs',
    scope: 'Namespaced',
    description: 'Keeps the TLSA records (DANE) of the hosts of one mail server in step with its certificates.',
    columns: [
      ...ready,
      ofCondition('DNSSEC', 'DNSSECSecure', 'status'),
      ofCondition('Serving', 'ServingMatches', 'status'),
      { name: 'Rollover', type: 'string', jsonPath: '.status.rollover.step' },
      { name: 'Until', type: 'string', jsonPath: '.status.rollover.until' },
      { name: 'Hostnames', type: 'string', jsonPath: '.spec.hostnames', priority: 1 },
      { name: 'TTL', type: 'integer', jsonPath: '.spec.ttlSeconds', priority: 1 },
      { name: 'Provider', type: 'string', jsonPath: '.spec.providerRef.name', priority: 1 },
      age,
    ],
    spec: mailServerSpec,
    status: mailServerStatus,
  },
  {
    kind: 'DNSProvider',
    plural: 'dnsproviders',
    shortName: 'dnsp',
    scope: 'Namespaced',
    description: 'Where the MailServers of its namespace publish their records, and with whose credentials.',
    columns: [...ready, age],
    spec: dnsProviderSpec,
    status: dnsProviderStatus,
  },
  {
    kind: 'ClusterDNSProvider',
    plural: 'clusterdnsproviders',
    shortName: 'cdnsp',
    scope: 'Cluster',
    description:
      'Where MailServers of the namespaces that it allows publish their records. Its Secrets are in the namespace of the operator.',
    columns: [...ready, age],
    spec: clusterDnsProviderSpec,
    status: dnsProviderStatus,
  },
  {
    kind: 'DaneIssuer',
    plural: 'daneissuers',
    shortName: 'diss',
    scope: 'Namespaced',
    description:
      'An issuer of cert-manager that wraps another one, and holds back the certificates of mail servers until their TLSA records are safe.',
    columns: [...ready, issuer, age],
    spec: daneIssuerSpec,
    status: daneIssuerStatus,
  },
  {
    kind: 'ClusterDaneIssuer',
    plural: 'clusterdaneissuers',
    shortName: 'cdiss',
    scope: 'Cluster',
    description: 'The same for every namespace, around a cluster-scoped issuer.',
    columns: [...ready, issuer, age],
    spec: clusterDaneIssuerSpec,
    status: daneIssuerStatus,
  },
];
