/** Helm 3 and Helm 4, as a user has them, and the chart. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { run, type Output } from './process.ts';
import { toolPath } from './tools.ts';

export const HELMS = ['helm3', 'helm4'] as const;
export type Helm = (typeof HELMS)[number];
export const CHART = join(import.meta.dirname, '../../charts/tlsa-operator');
export const RELEASE = 'tlsa-operator';

/** Any object that a chart renders. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export type Values = Readonly<Record<string, unknown>>;

/** Runs Helm without habits of this machine; values go in by standard input (`--values=-`). */
export async function helm(
  version: Helm,
  args: readonly string[],
  options: { readonly values?: Values; readonly kubeconfig?: string } = {},
): Promise<Output> {
  const home = mkdtempSync(join(tmpdir(), 'helm-'));
  try {
    const { values, kubeconfig = '/dev/null' } = options;
    return await run(toolPath(version), [...args, ...(values === undefined ? [] : ['--values=-'])], {
      input: JSON.stringify(values ?? {}),
      env: { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home, KUBECONFIG: kubeconfig },
    });
  } finally {
    rmSync(home, { recursive: true });
  }
}

/** `helm`, where anything but exit code 0 is an error that shows what it said. */
export async function mustHelm(...parameters: Parameters<typeof helm>): Promise<string> {
  const { code, stdout, stderr } = await helm(...parameters);
  if (code !== 0) throw new Error(`${parameters[0]} ${parameters[1].join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

/** What the chart makes of these values; with its tests. Each document as Helm writes it, from the comment that names its template. */
export async function documents(values: Values = {}, version: Helm = 'helm4'): Promise<string[]> {
  const text = await mustHelm(version, ['template', RELEASE, CHART, `--namespace=${RELEASE}`], { values });
  return text
    .split(/^---$/m)
    .map((document) => document.trim())
    .filter((document) => document !== '');
}

/** The same, read. */
export async function render(values: Values = {}): Promise<Manifest[]> {
  return manifestsIn(await documents(values));
}

export function manifestsIn(texts: readonly string[]): Manifest[] {
  return parseAllDocuments(texts.join('\n---\n'), { version: '1.1' }).map((document) => document.toJS() as Manifest);
}

export function only(manifests: readonly Manifest[], kind: string): Manifest {
  const [found, ...more] = manifests.filter((manifest) => manifest.kind === kind);
  if (found === undefined || more.length > 0) throw new Error(`${more.length + (found ? 1 : 0)} of kind ${kind}`);
  return found;
}
