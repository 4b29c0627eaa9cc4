/** What commands that look at cluster, DNS and mail servers have in common. */
import { usageError, type OptionTable } from './options.ts';

export const WORLD_OPTIONS = {
  kubeconfig: {
    type: 'string',
    value: 'FILE',
    description: 'Kubeconfig (default: $KUBECONFIG, in-cluster, ~/.kube/config)',
  },
  'watch-namespaces': {
    type: 'string',
    value: 'NS,...',
    description:
      'Only MailServers, DNSProviders and Secrets of these namespaces, and no ClusterDNSProviders (default: all)',
  },
  'operator-namespace': {
    type: 'string',
    value: 'NS',
    default: 'tlsa-operator',
    description: 'Where the lease is, and the Secrets that ClusterDNSProviders name',
  },
  resolver: {
    type: 'string',
    multiple: true,
    value: 'HOST[:PORT]',
    description: 'Validating resolver, whose AD bit is believed; repeatable (default: 127.0.0.1)',
  },
  'probe-deny-cidr': {
    type: 'string',
    value: 'CIDR,...',
    default: 'default',
    description:
      "Addresses never probed: a list, 'default' (loopback, link-local and the like), or 'none' (tests and demos)",
  },
  gate: {
    type: 'string',
    value: 'true|false',
    default: 'false',
    description: 'Act on the CertificateRequests that name a DaneIssuer or ClusterDaneIssuer',
  },
} as const satisfies OptionTable;

/** The names in `--watch-namespaces`. @throws OperatorError `InvalidUsage` */
export function namespacesOf(text: string | undefined): readonly string[] | undefined {
  const names = text?.split(',').map((name) => name.trim());
  if (names?.includes('') === true) throw usageError(`--watch-namespaces ${JSON.stringify(text)}: an empty name`);
  return names === undefined ? undefined : [...new Set(names)];
}
