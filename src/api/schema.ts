/**
 * The words in which the schemas are written: zod, plus what only a CustomResourceDefinition knows (CEL rules, list types). Everything has
 * a bound: the API server estimates the cost of a rule from them, and an object must fit into etcd.
 */
import { z } from 'zod';

/** A rule of the Common Expression Language, and what a person is told who breaks it: what is wrong and what to write instead. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

export const cel = (...rules: readonly CelRule[]) => ({ 'x-kubernetes-validations': rules });

/**
 * A text of one form. The API server's own words for a `pattern` are the pattern; so it is a CEL rule with a message instead.
 * The expression has no `/` flags and means the same in RE2.
 */
export function matching(form: RegExp, maxLength: number, message: string) {
  return z
    .string()
    .max(maxLength)
    .meta(cel({ rule: matches(form), message }));
}

/** The CEL expression for "this text has that form". */
export const matches = (form: RegExp): string => `self.matches(r'${form.source}')`;

export const int32 = (min: number, max = 2 ** 31 - 1) => z.int32().min(min).max(max).meta({ format: 'int32' });
export const int64 = (min: number) => z.int().min(min).meta({ format: 'int64' });

/** A point in time, RFC 3339. */
export const time = () => z.string().max(64).meta({ format: 'date-time' });

const listType = (type: 'set' | 'map' | 'atomic') => ({ 'x-kubernetes-list-type': type });

/** A list that one writer replaces as a whole. */
export const atomicList = <Item extends z.ZodType>(item: Item, maxItems: number) =>
  z.array(item).max(maxItems).meta(listType('atomic'));

/** A list of scalars without repetition; several writers may each own some. */
export const setOf = <Item extends z.ZodType>(item: Item, minItems: number, maxItems: number) =>
  z.array(item).min(minItems).max(maxItems).meta(listType('set'));

/** A list of objects, at most one for each value of `key`; several writers may each own some. */
export const mapBy = <Item extends z.ZodObject>(key: string, item: Item, minItems: number, maxItems: number) =>
  z
    .array(item)
    .min(minItems)
    .max(maxItems)
    .meta({ ...listType('map'), 'x-kubernetes-list-map-keys': [key] });
