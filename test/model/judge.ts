/**
 * The checker's own judge of a chain and an RRset (RFC 7671 §5, §8, §9). It shares nothing with the planner, and knows only what stands
 * in the model's zones: digests of keys, and foreign records that match nothing. Dates are the checker's business.
 */
import type { ModelChain } from './chains.ts';

export interface Verdict {
  readonly accepts: boolean;
  readonly strictlyAccepts: boolean;
}

export function judgeChain(records: readonly string[], chain: ModelChain): Verdict {
  if (records.length === 0) return { accepts: true, strictlyAccepts: true };
  const matching = records.filter((record) => matches(record, chain));
  const hidden = new Set(
    records.filter((record) => kindOf(record).endsWith('2')).map((record) => `${kindOf(record).slice(0, 3)} 1`),
  );
  return {
    accepts: matching.some((record) => !hidden.has(kindOf(record))),
    strictlyAccepts: records.every((record) => matching.some((other) => kindOf(other) === kindOf(record))),
  };
}

function matches(record: string, { leaf, cas, coversHosts }: ModelChain): boolean {
  const data = record.slice(6);
  switch (kindOf(record)) {
    case '3 1 1':
      return data === leaf;
    case '2 1 1':
      return coversHosts && cas.includes(data);
    default:
      return false;
  }
}

/** `3 1 1` of `3 1 1 <data>`. */
function kindOf(record: string): string {
  return record.slice(0, 5);
}
