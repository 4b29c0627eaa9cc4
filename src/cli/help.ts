import type { Command } from './command.ts';
import type { Option } from './options.ts';

export const PROGRAM = 'tlsa-operator';

export function commandHelp(command: Command): string {
  const help: Option = { type: 'boolean', short: 'h', description: 'show this' };
  const options = Object.entries({ ...command.options, help }).map(
    ([name, option]) => [form(name, option), meaning(option)] as const,
  );
  return [
    `Usage: ${PROGRAM} ${command.synopsis}`,
    command.description,
    `Options:\n${columns(options)}`,
    `Example:\n${command.example.replaceAll(/^/gm, '  ')}`,
  ]
    .join('\n\n')
    .concat('\n');
}

/** Two columns, the second one aligned. */
export function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}

function form(name: string, option: Option): string {
  const short = option.short === undefined ? '' : `-${option.short}, `;
  return `${short}--${name}${option.value === undefined ? '' : ` ${option.value}`}`;
}

function meaning(option: Option): string {
  const notes = [
    ...(option.multiple === true ? ['repeatable'] : []),
    ...(option.default === undefined ? [] : [`default: ${String(option.default)}`]),
  ];
  return option.description + (notes.length === 0 ? '' : ` (${notes.join('; ')})`);
}
