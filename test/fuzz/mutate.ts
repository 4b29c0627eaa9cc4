/** Damage to octets, as data: small, printable, and shrunk by leaving some out. */
import fc from 'fast-check';

export type Mutation =
  | { readonly kind: 'Flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'Set'; readonly at: number; readonly hex: string }
  | { readonly kind: 'Insert'; readonly at: number; readonly hex: string }
  | { readonly kind: 'Remove'; readonly at: number; readonly length: number }
  | { readonly kind: 'Repeat'; readonly at: number; readonly length: number; readonly times: number }
  | { readonly kind: 'Cut'; readonly at: number };

/** Any place; where it lies beyond the end it is counted from the beginning again. */
const at = fc.nat({ max: 0xffff });

/** `pieces`: octets, in hexadecimal, that mean something where they may be put. */
export function mutation(pieces: fc.Arbitrary<string>): fc.Arbitrary<Mutation> {
  const short = fc.integer({ min: 1, max: 40 });
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('Flip' as const), at, bit: fc.integer({ min: 0, max: 7 }) }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('Set' as const), at, hex: pieces }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('Insert' as const), at, hex: pieces }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('Remove' as const), at, length: short }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('Repeat' as const),
        at,
        length: short,
        times: fc.oneof({ weight: 9, arbitrary: short }, { weight: 1, arbitrary: fc.constant(2_000) }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('Cut' as const), at }) },
  );
}

export function mutated(octets: Buffer, mutations: readonly Mutation[]): Buffer {
  return mutations.reduce(apply, octets);
}

function apply(octets: Buffer, change: Mutation): Buffer {
  const place = change.at % (octets.length + 1);
  const [front, back] = [octets.subarray(0, place), octets.subarray(place)];
  switch (change.kind) {
    case 'Flip': {
      const flipped = Buffer.from(octets);
      if (back.length > 0) flipped[place] = (flipped[place] ?? 0) ^ (1 << change.bit);
      return flipped;
    }
    case 'Set': {
      const put = Buffer.from(change.hex, 'hex');
      return Buffer.concat([front, put, back.subarray(put.length)]);
    }
    case 'Insert':
      return Buffer.concat([front, Buffer.from(change.hex, 'hex'), back]);
    case 'Remove':
      return Buffer.concat([front, back.subarray(change.length)]);
    case 'Repeat':
      return Buffer.concat([front, ...Array<Buffer>(change.times).fill(back.subarray(0, change.length)), back]);
    case 'Cut':
      return Buffer.from(front);
  }
}
