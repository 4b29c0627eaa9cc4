/** The README of the chart: its prose as it stands, and between two marks a table made from values.yaml and the comments there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const BEGIN = '<!-- prettier-ignore-start -->\n<!-- Made by `make generate` from values.yaml. -->\n\n';
const END = '\n<!-- prettier-ignore-end -->';

export interface ValueRow {
  /** `resolver.image.tag` */
  readonly path: string;
  readonly description: string;
  readonly default: unknown;
}

export function chartReadme(chart: string): string {
  const readme = readFileSync(join(chart, 'README.md'), 'utf8');
  const rows = valueRows(readFileSync(join(chart, 'values.yaml'), 'utf8'));
  const [before = '', after = ''] = [readme.split(BEGIN)[0], readme.split(END)[1]];
  return `${before}${BEGIN}${table(rows)}${END}${after}`;
}

/** A value that has a comment `# -- ...` above it is a row; so nothing below it is. */
export function valueRows(valuesYAML: string): ValueRow[] {
  const values = parse(valuesYAML) as unknown;
  const above: string[] = [];
  let description: string | undefined;
  return valuesYAML.split('\n').flatMap((line) => {
    const comment = /^ *# -- (.*)$/.exec(line);
    if (comment !== null) description = comment[1];
    const key = /^( *)(\w+):/.exec(line);
    if (key === null) return [];
    const [, indent = '', name = ''] = key;
    above.splice(indent.length / 2, Infinity, name);
    if (description === undefined) return [];
    const row = { path: above.join('.'), description, default: valueAt(values, above) };
    description = undefined;
    return [row];
  });
}

function valueAt(values: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], values);
}

function table(rows: readonly ValueRow[]): string {
  const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);
  return [
    '| Value | Default | Meaning |',
    '| --- | --- | --- |',
    ...rows.map((row) =>
      ['', `\`${row.path}\``, `\`${cell(JSON.stringify(row.default))}\``, cell(row.description), ''].join(' | ').trim(),
    ),
    '',
  ].join('\n');
}
