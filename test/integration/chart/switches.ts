/** The switches of the chart. Each has levels, of which a rendering has one; the levels are what the values may be, as far as it makes a difference. */
import type { Values } from '../../support/helm.ts';

/** The root of the public DNS, as anybody may give it once more. */
const ROOT_ANCHOR = '. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D';

const affinity = {
  podAntiAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: {}, topologyKey: 'kubernetes.io/hostname' }],
  },
};
const digest = `sha256:${'0a'.repeat(32)}`;
const spread = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' };
const promoted = { name: 'mail', secretNames: ['mx1-tls-live'] };
const world = { name: '.', addresses: ['192.0.2.1@853#dns.example.nl', '2001:db8::1'] };
const inside = { name: 'example.nl', addresses: ['192.0.2.2'] };
const nothing = { requests: null, limits: null };
const extra = { name: '{{ .Release.Name }}-extra', namespace: '{{ .Release.Namespace }}' };

/** The first level of each is what stands in values.yaml, but for the CRDs, which take longest to render. */
export const SWITCHES: Readonly<Record<string, readonly Values[]>> = {
  name: [{}, { fullnameOverride: 'other' }],
  labels: [{}, { commonLabels: { team: 'mail' } }],
  crds: [{ crds: { enabled: false } }, {}],
  crdsGo: [{}, { crds: { keep: false } }],
  namespaces: [{}, { watchNamespaces: ['mail', 'more-mail'] }],
  gate: [{}, { gate: { enabled: true, approver: { namespace: 'certs', serviceAccountName: 'cm' } } }],
  approver: [{}, { gate: { approver: { create: false } } }],
  promote: [
    {},
    { promote: { namespaces: [promoted] } },
    { promote: { namespaces: [promoted, { name: 'more-mail', secretNames: ['a', 'b'], create: false }] } },
  ],
  image: [{}, { image: { repository: 'registry.example.nl/o', tag: '1' } }, { image: { tag: '1', digest } }],
  imagePull: [{}, { image: { pullPolicy: 'Always' } }, { image: { pullPolicy: 'Never' } }],
  imagePullSecrets: [{}, { imagePullSecrets: [{ name: 'pull' }] }],
  replicas: [{}, { replicas: 2 }],
  disruptions: [{}, { podDisruptionBudget: { enabled: false } }],
  serviceAccount: [{}, { serviceAccount: { name: 'mine' } }, { serviceAccount: { create: false, name: 'mine' } }],
  identity: [{}, { serviceAccount: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/dns' } } }],
  rbac: [{}, { rbac: { create: false } }],
  userRoles: [{}, { rbac: { userRoles: false } }],
  logLevel: [{}, ...['debug', 'warn', 'error', 'silent'].map((logLevel) => ({ logLevel }))],
  logFormat: [{}, { logFormat: 'pretty' }],
  denied: [{}, { probeDenyCIDRs: ['10.0.0.0/8', '2001:db8::/32'] }],
  env: [{}, { env: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/ssl/certs/ca-certificates.crt' }] }],
  resolver: [
    {},
    { resolver: { enabled: false, servers: ['192.0.2.1', '[2001:db8::1]:5353', 'resolver.example.nl:53'] } },
  ],
  resolverImage: [
    {},
    { resolver: { image: { repository: 'registry.example.nl/r', tag: '1' } } },
    { resolver: { image: { tag: '1', digest } } },
  ],
  resolverPull: [
    {},
    { resolver: { image: { pullPolicy: 'Always' } } },
    { resolver: { image: { pullPolicy: 'Never' } } },
  ],
  anchors: [{}, { resolver: { trustAnchors: [ROOT_ANCHOR] } }],
  forwarding: [
    {},
    { resolver: { forwardZones: [world] } },
    { resolver: { forwardZones: [{ ...world, tls: true }, inside] } },
    { resolver: { forwardZones: [{ ...inside, tls: true }] } },
  ],
  resolverResources: [{}, { resolver: { resources: nothing } }],
  resources: [{}, { resources: nothing }],
  liveness: [{}, { livenessProbe: { periodSeconds: 30 } }],
  readiness: [{}, { readinessProbe: { failureThreshold: 5 } }],
  podLabels: [{}, { podLabels: { number: '1' } }],
  podAnnotations: [{}, { podAnnotations: { truth: 'yes' } }],
  priority: [{}, { priorityClassName: 'system-cluster-critical' }],
  nodes: [{}, { nodeSelector: { 'kubernetes.io/os': 'linux' } }],
  tolerations: [{}, { tolerations: [{ key: 'mail', operator: 'Exists' }] }],
  affinity: [{}, { affinity }],
  spread: [
    {},
    { topologySpreadConstraints: [spread] },
    { topologySpreadConstraints: [{ ...spread, labelSelector: {} }] },
  ],
  policy: [{}, { networkPolicy: { enabled: true } }],
  metricsFrom: [{}, { networkPolicy: { metricsFrom: [{ namespaceSelector: {} }] } }],
  egress: [
    {},
    {
      networkPolicy: { egress: [{ ports: [{ protocol: 'TCP', port: 8053 }] }], apiPorts: [443], mailPorts: [25, 465] },
    },
  ],
  podMonitor: [{}, { podMonitor: { enabled: true } }],
  monitored: [{}, { podMonitor: { labels: { release: 'prometheus' }, interval: '1m' } }],
  extraObjects: [{}, { extraObjects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: extra }] }],
};

/** What the switches set, together; those that are not named have their first level. */
export function valuesOf(row: ReadonlyMap<string, number>): Values {
  return Object.entries(SWITCHES)
    .map(([name, levels]) => levels[row.get(name) ?? 0] ?? {})
    .reduce((all, values) => merged(all, values), {});
}

function merged(a: Values, b: Values): Values {
  const isObject = (value: unknown): value is Values =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const both = Object.entries(b).map(([name, value]) => {
    const before = a[name];
    return [name, isObject(before) && isObject(value) ? merged(before, value) : value] as const;
  });
  return { ...a, ...Object.fromEntries(both) };
}
