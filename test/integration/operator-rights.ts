/** All that the operator may do in a cluster, and what for. deploy/rbac.yaml must grant exactly this. */

export interface Right {
  /** Where; everywhere if not given. */
  readonly namespace?: string;
  readonly group: string;
  /** Resource, or resource/subresource. */
  readonly resource: string;
  /** Only the objects of these names. */
  readonly names?: readonly string[];
  /** Each with the file that uses it. */
  readonly verbs: Readonly<Record<string, string>>;
}

const OURS = 'tlsa-operator.io';
const WATCHED = { list: 'src/kube/reflector.ts', watch: 'src/kube/reflector.ts' };
const STATUS = { update: 'src/kube/objects.ts' };

export const OPERATOR_RIGHTS: readonly Right[] = [
  { group: OURS, resource: 'mailservers', verbs: { ...WATCHED, patch: 'src/kube/objects.ts' } },
  { group: OURS, resource: 'dnsproviders', verbs: WATCHED },
  { group: OURS, resource: 'clusterdnsproviders', verbs: WATCHED },
  { group: OURS, resource: 'mailservers/status', verbs: STATUS },
  { group: OURS, resource: 'dnsproviders/status', verbs: STATUS },
  { group: OURS, resource: 'clusterdnsproviders/status', verbs: STATUS },
  { group: '', resource: 'secrets', verbs: { ...WATCHED, get: 'src/controller/secret-chains.ts' } },
  { group: 'cert-manager.io', resource: 'certificates', verbs: WATCHED },
  { group: '', resource: 'namespaces', verbs: WATCHED },
  { group: '', resource: 'services', verbs: { get: 'src/kube/services.ts' } },
  { group: 'discovery.k8s.io', resource: 'endpointslices', verbs: { list: 'src/kube/services.ts' } },
  { group: '', resource: 'events', verbs: { create: 'src/kube/events.ts', patch: 'src/kube/events.ts' } },
  {
    group: 'apiextensions.k8s.io',
    resource: 'customresourcedefinitions',
    names: ['mailservers', 'dnsproviders', 'clusterdnsproviders', 'daneissuers', 'clusterdaneissuers'].map(
      (plural) => `${plural}.${OURS}`,
    ),
    verbs: { get: 'src/controller/crds-match.ts' },
  },
  {
    namespace: 'tlsa-operator',
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: { create: 'src/kube/lease.ts' },
  },
  {
    namespace: 'tlsa-operator',
    group: 'coordination.k8s.io',
    resource: 'leases',
    names: ['tlsa-operator'],
    verbs: { get: 'src/kube/lease.ts', update: 'src/kube/lease.ts' },
  },
];

const REQUESTS = 'src/controller/gate/controller.ts';

/** With Gate (`gate.enabled`), that too. */
export const GATE_RIGHTS: readonly Right[] = [
  { group: OURS, resource: 'daneissuers', verbs: WATCHED },
  { group: OURS, resource: 'clusterdaneissuers', verbs: WATCHED },
  { group: OURS, resource: 'daneissuers/status', verbs: STATUS },
  { group: OURS, resource: 'clusterdaneissuers/status', verbs: STATUS },
  {
    group: 'cert-manager.io',
    resource: 'certificaterequests',
    verbs: { ...WATCHED, get: REQUESTS, create: REQUESTS, patch: REQUESTS, delete: REQUESTS },
  },
  { group: 'cert-manager.io', resource: 'certificaterequests/status', verbs: STATUS },
];

/** What every authenticated user may create (system:basic-user): questions about himself. */
export const EVERYBODYS_RIGHTS: readonly Right[] = [
  ['authorization.k8s.io', 'selfsubjectaccessreviews'],
  ['authorization.k8s.io', 'selfsubjectrulesreviews'],
  ['authentication.k8s.io', 'selfsubjectreviews'],
].map(([group = '', resource = '']) => ({ group, resource, verbs: { create: 'system:basic-user' } }));
