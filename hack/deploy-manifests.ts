/**
 * Writes deploy/ from the chart: what `helm template` renders, without what is Helm's. `make manifests`; a test compares. What
 * kustomize does as well is left to it: labels, the CRDs of crds/, a ConfigMap whose name changes with what it holds.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { isMap, parseAllDocuments, type Document } from 'yaml';

const root = join(import.meta.dirname, '..');
const CHART = join(root, 'charts/tlsa-operator');
export const RELEASE = 'tlsa-operator';

/** A rendered document, with the template that it comes from: `deployment.yaml`. */
interface Rendered {
  readonly template: string;
  readonly document: Document;
}

function render(...settings: readonly string[]): Rendered[] {
  const helm = execFileSync(join(root, 'hack/tools.sh'), ['path', 'helm4'], { encoding: 'utf8' }).trim();
  const args = ['template', RELEASE, CHART, `--namespace=${RELEASE}`, '--skip-tests', '--set=crds.enabled=false'];
  const text = execFileSync(helm, [...args, ...settings], { encoding: 'utf8' });
  return text
    .split(/^---\n/m)
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [, template = ''] = /^# Source: .*\/templates\/(.*)\n/.exec(part) ?? [];
      const [document] = parseAllDocuments(part.slice(part.indexOf('\n') + 1));
      if (document === undefined) throw new Error(`an empty document from ${template}`);
      return { template, document };
    });
}

const HELMS_LABELS = ['app.kubernetes.io/managed-by', 'helm.sh/chart'];
const LABELS = ['name', 'instance', 'version', 'part-of'].map((name) => `app.kubernetes.io/${name}`);

function without(document: Document, path: readonly string[], keys: readonly string[]): void {
  if (!document.hasIn(path)) return;
  for (const key of keys) document.deleteIn([...path, key]);
  const left = document.getIn(path);
  if (isMap(left) && left.items.length === 0) document.deleteIn(path);
}

const GENERATED = '# Made by `make manifests` from charts/tlsa-operator.\n';

function yamlFile(rendered: readonly Rendered[]): string {
  return GENERATED + rendered.map(({ document }) => document.toString({ lineWidth: 0 })).join('---\n');
}

/** The files of a whole installation. `crds`: the way to crds/. */
function installation(folder: string, about: string, crds: string, ...settings: readonly string[]): [string, string][] {
  const all = render(...settings);
  const labels = LABELS.map((label) => [label, String(all[0]?.document.getIn(['metadata', 'labels', label]))]);
  const unbound = all.find(({ template }) => template === 'resolver.yaml');
  const manifests = all.filter((one) => one !== unbound);
  for (const { document } of manifests) {
    without(document, ['metadata', 'labels'], [...HELMS_LABELS, ...LABELS]);
    without(document, ['spec', 'template', 'metadata', 'annotations'], ['checksum/resolver']);
  }
  const templates = [...new Set(manifests.map(({ template }) => template))];
  const version = labels.find(([label]) => label === 'app.kubernetes.io/version')?.[1] ?? '';
  return [
    [
      'kustomization.yaml',
      `${GENERATED}# ${about}
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - ${crds}
  - namespace.yaml
${templates.map((template) => `  - ${template}\n`).join('')}configMapGenerator:
  - name: ${RELEASE}-resolver
    namespace: ${RELEASE}
    files: [unbound.conf]
images:
  # Build them from the Dockerfile (targets operator and resolver) and say here where you pushed them, by newName.
  - name: tlsa-operator
    newTag: ${version}
  - name: tlsa-operator-resolver
    newTag: ${version}
labels:
  - includeSelectors: false
    pairs:
${labels.map(([label, value]) => `      ${label ?? ''}: ${value ?? ''}\n`).join('')}`,
    ] as [string, string],
    ['namespace.yaml', namespace()] as [string, string],
    ['unbound.conf', String(unbound?.document.getIn(['data', 'unbound.conf']))] as [string, string],
    ...templates.map((template): [string, string] => [
      template,
      yamlFile(manifests.filter((one) => one.template === template)),
    ]),
  ].map(([file, text]): [string, string] => [join(folder, file), text]);
}

const namespace = (): string => `${GENERATED}apiVersion: v1
kind: Namespace
metadata:
  name: ${RELEASE}
  labels:
    pod-security.kubernetes.io/enforce: restricted
`;

/** What a switch of the chart adds. */
function component(name: string, template: string, more: string, ...settings: readonly string[]): [string, string][] {
  const added = render(...settings).filter((one) => one.template === template);
  for (const { document } of added) without(document, ['metadata', 'labels'], HELMS_LABELS);
  const folder = `deploy/components/${name}`;
  return [
    [
      `${folder}/kustomization.yaml`,
      `${GENERATED}apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources:
  - ${template}
${more}`,
    ],
    [`${folder}/${template}`, yamlFile(added)],
  ];
}

function promoteRole(): [string, string] {
  const grants = render(
    '--set=promote.namespaces[0].name=mail',
    '--set=promote.namespaces[0].secretNames[0]=mx1-tls-live',
  ).filter(({ template }) => template === 'promote.yaml');
  for (const { document } of grants) without(document, ['metadata'], ['labels', 'namespace']);
  const about = `# Promote: lets the operator write the Secret that a mail server mounts (spec.certificates[].servingSecretName). Apply it once to each
# namespace that promotes, with its names: kubectl apply -n mail -f deploy/promote/role.yaml
`;
  return ['deploy/promote/role.yaml', yamlFile(grants).replace(GENERATED, GENERATED + about)];
}

/** Every file below deploy/, by its path. */
export async function deployFiles(): Promise<ReadonlyMap<string, string>> {
  const files = [
    ...installation('deploy', 'kubectl apply -k deploy/', '../crds'),
    ...installation(
      'deploy/namespaced',
      'For MailServers of namespace mail only, by Roles: kubectl apply -k deploy/namespaced',
      '../../crds',
      '--set=watchNamespaces[0]=mail',
    ),
    ...component(
      'high-availability',
      'pod-disruption-budget.yaml',
      `replicas:
  - name: ${RELEASE}
    count: 2
`,
      '--set=replicas=2',
    ),
    ...component('network-policy', 'network-policy.yaml', '', '--set=networkPolicy.enabled=true'),
    ...component(
      'gate',
      'gate.yaml',
      `patches:
  - target:
      kind: Deployment
      name: ${RELEASE}
    patch: |-
      - op: add
        path: /spec/template/spec/containers/0/args/-
        value: --gate=true
`,
      '--set=gate.enabled=true',
    ),
    ...component('pod-monitor', 'pod-monitor.yaml', '', '--set=podMonitor.enabled=true'),
    promoteRole(),
  ];
  const style = await resolveConfig(join(root, 'deploy/deployment.yaml'));
  const formatted = files.map(async ([file, text]): Promise<[string, string]> => [
    file,
    file.endsWith('.yaml') ? await format(text, { ...style, parser: 'yaml' }) : text,
  ]);
  return new Map(await Promise.all(formatted));
}

if (import.meta.main) {
  const files = await deployFiles();
  rmSync(join(root, 'deploy'), { recursive: true });
  for (const [file, text] of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  console.log(`wrote ${files.size} files`);
}
