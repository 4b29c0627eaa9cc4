/** What SMTP servers say before TLS, well-formed or not. */
import fc from 'fast-check';
import { smtp } from '../../src/smtp/smtp-starttls.ts';
import { fuzzDialogue } from './peer.ts';

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

fuzzDialogue(smtp, {
  usual: [
    '220 mx1.example.nl ESMTP\r\n',
    '250-mx1.example.nl\r\n250-SIZE 1000\r\n250 STARTTLS\r\n',
    '220 go ahead\r\n',
  ],
  lines: lines.map((all) => all.join('')),
  mayBegin: areThreeReplies,
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
