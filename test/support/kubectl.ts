/** kubectl, as a user has it: the same program, no habits of this machine. */
import { mustRun, run, type Output } from './process.ts';
import { toolPath } from './tools.ts';

// kubectl remembers for hours what an API server offers, by address; another test's server may have had the same one.
// So each kubeconfig has a memory of its own, beside it.
const habits = (kubeconfig: string) => [`--kubeconfig=${kubeconfig}`, `--cache-dir=${kubeconfig}.cache`];
const env = { KUBERC: 'off' };

/** Runs kubectl; the exit code is for the caller to judge. */
export function kubectl(kubeconfig: string, ...args: readonly string[]): Promise<Output> {
  return run(toolPath('kubectl'), [...habits(kubeconfig), ...args], { env });
}

/** Runs kubectl and returns what it printed; anything but exit code 0 is an error. */
export function mustKubectl(kubeconfig: string, ...args: readonly string[]): Promise<string> {
  return mustRun(toolPath('kubectl'), [...habits(kubeconfig), ...args], { env });
}

/** One field of one object (`secret/web`, `{.data.tls\\.crt}`); the empty string while there is no such object or field. */
export function field(kubeconfig: string, namespace: string, object: string, jsonPath: string): Promise<string> {
  const output = ['--ignore-not-found', `--output=jsonpath=${jsonPath}`];
  return mustKubectl(kubeconfig, 'get', object, `--namespace=${namespace}`, ...output);
}

/**
 * Applies YAML text (or JSON) as a user of GitOps does. Server-side: CRDs do not fit into the annotation that kubectl
 * otherwise keeps.
 */
export function apply(kubeconfig: string, yamlText: string, ...flags: readonly string[]): Promise<string> {
  const args = [...habits(kubeconfig), 'apply', '--server-side', '--force-conflicts', '--filename=-', ...flags];
  return mustRun(toolPath('kubectl'), args, { env, input: yamlText });
}

/** `apply` for a file or a folder of files. */
export function applyFile(kubeconfig: string, path: string): Promise<string> {
  return mustKubectl(kubeconfig, 'apply', '--server-side', '--force-conflicts', `--filename=${path}`);
}
