/** Options: parsed by node:util, described once for parser and help. */
import { parseArgs } from 'node:util';
import { stalled, type OperatorError } from '../core/errors.ts';

export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  readonly default?: string | boolean | string[];
  /** What stands for the value in help: `HOST`, `text|json`. */
  readonly value?: string;
  readonly description: string;
}

export type OptionTable = Readonly<Record<string, Option>>;

/** @throws OperatorError `InvalidUsage` */
export function parseOptions<const Options extends OptionTable>(options: Options, args: readonly string[]) {
  try {
    return parseArgs({ options, args: [...args], allowPositionals: true, strict: true });
  } catch (error) {
    // Node's own words up to the first full stop: what follows is advice that confuses here.
    const [words = ''] = (error as Error).message.split(/\. |\n/);
    throw usageError(words);
  }
}

export function usageError(message: string): OperatorError {
  return stalled('InvalidUsage', message);
}

/** @throws OperatorError `InvalidUsage` when an option was not given */
export function required<Value>(value: Value | undefined, option: string): Value {
  if (value === undefined) throw usageError(`--${option} is missing`);
  return value;
}

/** @throws OperatorError `InvalidUsage` */
export function oneOf<Choice extends string>(choices: readonly Choice[], text: string, option: string): Choice {
  const choice = choices.find((known) => known === text);
  if (choice === undefined) throw usageError(`--${option} ${JSON.stringify(text)}: write ${choices.join(' or ')}`);
  return choice;
}

/** @throws OperatorError `InvalidUsage` */
export function wholeNumber(text: string, option: string, min: number, max: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) {
    throw usageError(`--${option} ${JSON.stringify(text)}: write a whole number from ${min} to ${max}`);
  }
  return value;
}
