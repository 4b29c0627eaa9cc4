/** Renderings that between them have all that any combination of the switches yields. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { valueRows } from '../../../hack/chart-readme.ts';
import { CHART, type Values } from '../../support/helm.ts';
import { SWITCHES } from './switches.ts';
import { templates } from './templates.ts';

/** Which level some switches have, by their names. */
type Row = ReadonlyMap<string, number>;

const PATHS = valueRows(readFileSync(join(CHART, 'values.yaml'), 'utf8')).map(({ path }) => path);

/**
 * All combinations of the switches that one template reads (of the Deployment: that one part of it reads), and of any two switches, in as
 * few rows as they easily fit into. A row that asks nothing of a switch leaves it out.
 */
export function combinations(): Row[] {
  const wanted = [...templates().map(({ from }) => levelsThatDiffer(from)), ...pairs()].flatMap(product);
  let missing = wanted.toSorted((a, b) => b.size - a.size);
  const rows: Row[] = [];
  while (missing.length > 0) {
    const row = new Map<string, number>();
    missing = missing.filter((one) => {
      const fits = [...one].every(([name, level]) => (row.get(name) ?? level) === level);
      if (fits) for (const [name, level] of one) row.set(name, level);
      return !fits;
    });
    rows.push(row);
  }
  return rows;
}

/** A few levels of a few switches. */
type Choice = readonly (readonly [name: string, levels: readonly number[]])[];

function pairs(): Choice[] {
  const all = Object.entries(SWITCHES).map(([name, levels]) => [name, [...levels.keys()]] as const);
  return all.flatMap((one, index) => all.slice(index + 1).map((other) => [one, other]));
}

/** One level for each thing that a switch can make of these values. */
function levelsThatDiffer(from: readonly string[]): Choice {
  return Object.entries(SWITCHES).flatMap(([name, levels]): Choice => {
    const seen = new Map(levels.map((values, level) => [valuesRead(values, from), level]));
    return seen.size > 1 ? [[name, [...seen.values()]]] : [];
  });
}

function product(choice: Choice): Row[] {
  return choice.reduce<Row[]>(
    (rows, [name, levels]) => rows.flatMap((row) => levels.map((level) => new Map([...row, [name, level]]))),
    [new Map()],
  );
}

/** What reads the values of these paths makes the same where this is the same. */
export function valuesRead(values: Values, from: readonly string[]): string {
  const read = PATHS.filter((path) => from.some((value) => isWithin(path, value) || isWithin(value, path)));
  return JSON.stringify(read.map((path) => valueAt(values, path)));
}

const isWithin = (path: string, other: string): boolean => `${path}.`.startsWith(`${other}.`);

export function valueAt(values: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (value as Values | undefined)?.[name], values);
}
