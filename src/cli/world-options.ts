/** What commands that look at cluster, DNS and mail servers have in common. */
import type { OptionTable } from './options.ts';

export const WORLD_OPTIONS = {
  kubeconfig: {
    type: 'string',
    value: 'FILE',
    description: 'Kubeconfig (default: $KUBECONFIG, in-cluster, ~/.kube/config)',
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
} as const satisfies OptionTable;
