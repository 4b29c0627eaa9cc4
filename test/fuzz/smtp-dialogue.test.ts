/** What SMTP servers say before TLS, well-formed or not: the dialogue ends, with a code, after a bounded number of octets. */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { Dialogue } from '../../src/smtp/dialogue.ts';
import { PROBE_ERRORS, ProbeFailure } from '../../src/smtp/probe-error.ts';
import { smtp } from '../../src/smtp/smtp-starttls.ts';
import { fuzz, must } from './fuzz.ts';

/** What the server does at its turn: says this in pieces of these sizes, and then waits for a line or does not. */
interface Turn {
  readonly says: string;
  readonly pieces: readonly number[];
  readonly then: 'Waits' | 'Ends' | 'Breaks' | 'RepeatsItForever';
}

/** What the system hands over at once, at most. */
const CHUNK = 65_536;

/** Three replies of a hundred of the longest lines; and what had come together with the last. */
const MOST_OCTETS = 3 * 100 * 2_050 + CHUNK;

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

const text = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      '',
      'mx1.example.nl ESMTP',
      'STARTTLS',
      'starttls ',
      'SIZE 1000',
      ' STARTTLS',
      'STARTTLS x',
    ),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(2_040, 2_044, 2_045, 2_048, 3_000, 70_000).map((length) => 'x'.repeat(length)),
  },
);
const code = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('220', '250') },
  { weight: 2, arbitrary: fc.constantFrom('221', '421', '454', '500', '502', '554', '199', '600', '22', '2200', '') },
);
const end = fc.oneof(
  { weight: 12, arbitrary: fc.constant('\r\n') },
  { weight: 1, arbitrary: fc.constantFrom('\n', '\r', '', '\r\r\n', '\0') },
);
const line = fc.tuple(code, fc.constantFrom('-', '-', ' ', ' ', '', '\t'), text, end).map((parts) => parts.join(''));
const lines = fc.oneof(
  { weight: 8, arbitrary: fc.array(line, { maxLength: 4 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(line, fc.constantFrom(98, 99, 100, 101), line)
      .map(([one, times, last]) => [...Array<string>(times).fill(one), last]),
  },
);
const pieces = fc.oneof(
  { weight: 3, arbitrary: fc.constant<number[]>([]) },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }) },
);
const then = fc.oneof(
  { weight: 8, arbitrary: fc.constant('Waits' as const) },
  { weight: 2, arbitrary: fc.constantFrom('Ends' as const, 'Breaks' as const, 'RepeatsItForever' as const) },
);
const says = (usual: string): fc.Arbitrary<string> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: lines.map((all) => all.join('')) });
const turn = (usual: string): fc.Arbitrary<Turn> => fc.record({ says: says(usual), pieces, then });
const USUAL = [
  '220 mx1.example.nl ESMTP\r\n',
  '250-mx1.example.nl\r\n250-SIZE 1000\r\n250 STARTTLS\r\n',
  '220 go ahead\r\n',
];
const turns = fc.tuple(...USUAL.map(turn));

fuzz('a dialogue before TLS', { short: 2_000 }, turns, async (script) => {
  const peer = new Peer(script);
  peer.on('error', () => undefined);
  const outcome = await smtp.startTls(new Dialogue(peer as unknown as Socket), '[192.0.2.1]').then(
    () => undefined,
    (error: unknown) => error,
  );
  peer.destroy();
  must(peer.pulled <= MOST_OCTETS, `${peer.pulled} octets read`);
  if (outcome === undefined) {
    const all = Buffer.from(script.map((one) => one.says).join(''), 'latin1').subarray(0, peer.pulled);
    must(areThreeReplies(all.toString('latin1'), peer.pulledBefore), 'TLS would begin after something else');
  } else {
    must(outcome instanceof ProbeFailure && Object.hasOwn(PROBE_ERRORS, outcome.code), `threw ${inspect(outcome)}`);
    must(outcome.message === PROBE_ERRORS[outcome.code], 'words that are not ours');
    const usual = script.every(({ says: said, then: next }, index) => said === USUAL[index] && next === 'Waits');
    must(!usual, `what servers usually say was refused: ${outcome.code}`);
  }
});

/** A 220, a 250 that offers STARTTLS, a 220: nothing behind them, and each of our lines came when all before it had been read. */
function areThreeReplies(all: string, ours: readonly number[]): boolean {
  const [, greeting = '', hello = ''] =
    /^((?:\d{3}-.*\r?\n)*220(?: .*)?\r?\n)((?:\d{3}-.*\r?\n)*250(?: .*)?\r?\n)(?:\d{3}-.*\r?\n)*220(?: .*)?\r?\n$/.exec(
      all,
    ) ?? [];
  const inStep = ours[0] === greeting.length && ours[1] === greeting.length + hello.length;
  return inStep && /\n\d{3}[- ]\s*STARTTLS\s*\n/i.test(hello);
}
