/** Who may publish what through a ClusterDNSProvider (`spec.allow`). Judged before anything is sent. */
import type { ClusterDnsProviderSpec } from '../api/dns-provider.ts';
import { matchesHostnamePattern, type Name } from '../core/name.ts';

type Labels = Readonly<Record<string, string>>;
type Selector = ClusterDnsProviderSpec['allow'][number]['namespaceSelector'];

/** Nothing listed is nobody. A namespace whose labels are not known (yet) is allowed nothing. */
export function isAllowed(
  allow: ClusterDnsProviderSpec['allow'],
  namespaceLabels: Labels | undefined,
  hostname: Name,
): boolean {
  if (namespaceLabels === undefined) return false;
  return allow.some(
    (entry) =>
      selects(entry.namespaceSelector, namespaceLabels) &&
      entry.hostnames.some((pattern) => matchesHostnamePattern(hostname, pattern)),
  );
}

/** `metav1.LabelSelector`: every requirement must hold; an empty selector selects everything. */
function selects(selector: Selector, labels: Labels): boolean {
  const matchLabels = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  const matchExpressions = (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels[key];
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
    }
  });
  return matchLabels && matchExpressions;
}
