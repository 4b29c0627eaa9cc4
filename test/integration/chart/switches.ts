/** The switches of the chart, each with what it sets when it is on, and renderings that have every pair of them in every way. */
import type { Values } from '../../support/helm.ts';

/** The root of the public DNS, as anybody may give it once more. */
export const ROOT_ANCHOR = '. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D';

const affinity = {
  podAntiAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: {}, topologyKey: 'kubernetes.io/hostname' }],
  },
};
const digest = `sha256:${'0a'.repeat(32)}`;

export const SWITCHES: Readonly<Record<string, Values>> = {
  noCRDs: { crds: { enabled: false } },
  crdsGo: { crds: { keep: false } },
  namespaced: { watchNamespaces: ['mail', 'more-mail'] },
  promoteAndGate: {
    gate: { enabled: true, approver: { namespace: 'certs', serviceAccountName: 'cm' } },
    promote: {
      namespaces: [
        { name: 'mail', secretNames: ['mx1-tls-live'] },
        { name: 'more-mail', secretNames: ['a', 'b'], create: false },
      ],
    },
  },
  ownServiceAccount: { serviceAccount: { create: false, name: 'mine' } },
  noRBAC: { rbac: { create: false } },
  noUserRoles: { rbac: { userRoles: false } },
  noResolver: { resolver: { enabled: false, servers: ['192.0.2.1', '[2001:db8::1]:5353', 'resolver.example.nl:53'] } },
  otherResolver: {
    resolver: {
      trustAnchors: [ROOT_ANCHOR],
      forwardZones: [
        { name: '.', addresses: ['192.0.2.1@853#dns.example.nl', '2001:db8::1'], tls: true },
        { name: 'example.nl', addresses: ['192.0.2.2'] },
      ],
    },
  },
  networkPolicy: {
    networkPolicy: {
      enabled: true,
      metricsFrom: [{ namespaceSelector: {} }],
      egress: [{ ports: [{ protocol: 'TCP', port: 8053 }] }],
    },
  },
  replicas: {
    replicas: 2,
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
  },
  podMonitor: { podMonitor: { enabled: true, labels: { release: 'prometheus' } } },
  images: {
    image: { repository: 'registry.example.nl/o', digest },
    imagePullSecrets: [{ name: 'pull' }],
  },
  pods: {
    fullnameOverride: 'other',
    commonLabels: { team: 'mail' },
    podLabels: { number: '1' },
    podAnnotations: { truth: 'yes' },
    priorityClassName: 'system-cluster-critical',
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'mail', operator: 'Exists' }],
    affinity,
    livenessProbe: { periodSeconds: 30 },
    readinessProbe: { failureThreshold: 5 },
    env: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/ssl/certs/ca-certificates.crt' }],
    probeDenyCIDRs: ['10.0.0.0/8', '2001:db8::/32'],
    logLevel: 'debug',
    logFormat: 'pretty',
  },
  extraObjects: {
    extraObjects: [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: '{{ .Release.Name }}-extra', namespace: '{{ .Release.Namespace }}' },
      },
    ],
  },
};

const names = Object.keys(SWITCHES);
if (names.length !== 15) throw new Error('sixteen rows have each pair of fifteen switches');

/**
 * An orthogonal array (16 rows, 15 switches, strength 2): the rows are 0 to 15, the switches 1 to 15, and one is on in a row if an odd number
 * of bits is in both. Any two switches are on and off together, and apart, in four rows each.
 */
export const COMBINATIONS: readonly (readonly string[])[] = Array.from({ length: 16 }, (_, row) =>
  names.filter((_name, index) => bits(row & (index + 1)) % 2 === 1),
);

function bits(number: number): number {
  return number === 0 ? 0 : (number & 1) + bits(number >> 1);
}

/** What they set, together. What cannot be together: the resolver in the pod is off, or otherwise. */
export function valuesOf(switches: readonly string[]): Values {
  const on = switches.filter((name) => name !== 'otherResolver' || !switches.includes('noResolver'));
  return on.map((name) => SWITCHES[name] ?? {}).reduce((all, values) => merged(all, values), {});
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
