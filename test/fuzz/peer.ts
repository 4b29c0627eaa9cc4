/** A mail server before TLS, as fuzzing has it: a script of turns, cut into pieces, that ends or never does. */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { Dialogue } from '../../src/smtp/dialogue.ts';
import type { MailProtocol } from '../../src/smtp/mail-protocol.ts';
import { PROBE_ERRORS, ProbeFailure } from '../../src/smtp/probe-error.ts';
import { fuzz, must } from './fuzz.ts';

/** What the server does at its turn: says this in pieces of these sizes, and then waits for a line or does not. */
interface Turn {
  readonly says: string;
  readonly pieces: readonly number[];
  readonly then: 'Waits' | 'Ends' | 'Breaks' | 'RepeatsItForever';
}

/** What the system hands over at once, at most. */
const CHUNK = 65_536;

/** Three answers of a hundred of the longest lines, each with one more for its status; and what had come together with the last. */
const MOST_OCTETS = 3 * 101 * 2_050 + CHUNK;

/** A connection whose other side takes its turns, each when a line has come. Its silence ends the connection, as a deadline does. */
class Peer extends Duplex {
  readonly #turns: Turn[];
  #last: Turn | undefined;
  #pieces: Buffer[] = [];
  /** Octets that were handed over, and how many had been at each line that came. */
  pulled = 0;
  readonly pulledBefore: number[] = [];

  constructor(turns: readonly Turn[]) {
    super({ readableHighWaterMark: 0 });
    this.#turns = [...turns];
    this.#turn();
  }

  #turn(): void {
    this.#last = this.#turns.shift();
    if (this.#last !== undefined) this.#pieces = this.#pieces.concat(cut(this.#last));
  }

  override _read(): void {
    if (this.#pieces.length === 0 && this.#last?.then === 'RepeatsItForever') this.#pieces = cut(this.#last);
    // Whoever reads too much is told, not kept waiting.
    const piece = this.pulled > MOST_OCTETS ? undefined : this.#pieces.shift();
    if (piece !== undefined) {
      this.pulled += piece.length;
      this.push(piece);
    } else if (this.#last?.then === 'Ends') {
      this.push(null);
    } else {
      this.destroy(this.#last?.then === 'Breaks' ? new Error('ECONNRESET') : undefined);
    }
  }

  override _write(_: Buffer, __: string, done: () => void): void {
    this.pulledBefore.push(this.pulled);
    this.#turn();
    done();
  }
}

function cut({ says, pieces }: Turn): Buffer[] {
  const octets = Buffer.from(says, 'latin1');
  const cuts: Buffer[] = [];
  for (let at = 0; at < octets.length; at += cuts.at(-1)?.length ?? 0) {
    cuts.push(octets.subarray(at, at + (pieces[cuts.length % pieces.length] ?? CHUNK)));
  }
  return cuts;
}

const pieces = fc.oneof(
  { weight: 3, arbitrary: fc.constant<number[]>([]) },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }) },
);
const then = fc.oneof(
  { weight: 8, arbitrary: fc.constant('Waits' as const) },
  { weight: 2, arbitrary: fc.constantFrom('Ends' as const, 'Breaks' as const, 'RepeatsItForever' as const) },
);
const says = (usual: string, lines: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: lines });

export interface Script {
  /** What a server usually says: its greeting, the answer to the first command, the answer to the second. */
  readonly usual: readonly [string, string, string];
  /** What it may say instead. */
  readonly lines: fc.Arbitrary<string>;
  /** May TLS begin after exactly this? `ours`: how much of it had been read at each of our lines. */
  readonly mayBegin: (all: string, ours: readonly number[]) => boolean;
}

/** The dialogue ends, with a code, after a bounded number of octets; TLS begins only after what allows it. */
export function fuzzDialogue({ startTls }: MailProtocol, { usual, lines, mayBegin }: Script): void {
  const turns = fc.tuple(...usual.map((text) => fc.record({ says: says(text, lines), pieces, then })));
  fuzz('a dialogue before TLS', { short: 2_000 }, turns, async (script) => {
    const peer = new Peer(script);
    peer.on('error', () => undefined);
    const outcome = await startTls?.(new Dialogue(peer as unknown as Socket), '[192.0.2.1]').then(
      () => undefined,
      (error: unknown) => error,
    );
    peer.destroy();
    must(peer.pulled <= MOST_OCTETS, `${peer.pulled} octets read`);
    if (outcome === undefined) {
      const all = Buffer.from(script.map((one) => one.says).join(''), 'latin1').subarray(0, peer.pulled);
      must(mayBegin(all.toString('latin1'), peer.pulledBefore), 'TLS would begin after something else');
    } else {
      must(outcome instanceof ProbeFailure && Object.hasOwn(PROBE_ERRORS, outcome.code), `threw ${inspect(outcome)}`);
      must(outcome.message === PROBE_ERRORS[outcome.code], 'words that are not ours');
      const isUsual = script.every(({ says: said, then: next }, index) => said === usual[index] && next === 'Waits');
      must(!isUsual, `what servers usually say was refused: ${outcome.code}`);
    }
  });
}
