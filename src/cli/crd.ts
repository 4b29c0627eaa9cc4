import { stringify } from 'yaml';
import { customResourceDefinitions, type CustomResourceDefinition } from '../api/crd.ts';
import type { Command } from './command.ts';
import { parseOptions, usageError } from './options.ts';

export const crd: Command = {
  synopsis: 'crd',
  description: 'Prints the CustomResourceDefinitions that this version of the operator needs, as YAML.',
  options: {},
  example: 'tlsa-operator crd | kubectl apply --server-side -f -',
  run: (io) => {
    const { positionals } = parseOptions({}, io.args);
    if (positionals.length > 0) throw usageError('it takes no arguments');
    io.stdout(customResourceDefinitions().map(crdYAML).join('---\n'));
    return Promise.resolve(0);
  },
};

/** Kubernetes reads YAML 1.1, where an unquoted `Off` is a boolean. */
export function crdYAML(definition: CustomResourceDefinition): string {
  return stringify(definition, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}
