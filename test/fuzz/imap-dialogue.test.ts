/** What IMAP servers say before TLS, well-formed or not. */
import fc from 'fast-check';
import { imap } from '../../src/smtp/imap-starttls.ts';
import { fuzzDialogue } from './peer.ts';

const tag = fc.constantFrom('*', '*', '*', 'a', 'a', 'b', 'b', 'c', '+', 'A', '');
const status = fc.constantFrom('OK', 'OK', 'ok', 'NO', 'BAD', 'BYE', 'PREAUTH', 'CAPABILITY', 'capability', '3', '');
const text = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('', 'done', 'IMAP4rev1 STARTTLS', 'starttls', 'IMAP4rev1', 'XSTARTTLS {3}') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(2_040, 2_048, 3_000, 70_000).map((length) => 'x'.repeat(length)) },
);
const end = fc.oneof(
  { weight: 12, arbitrary: fc.constant('\r\n') },
  { weight: 1, arbitrary: fc.constantFrom('\n', '\r', '', '\r\r\n', '\0') },
);
const space = fc.constantFrom(' ', ' ', ' ', ' ', '', '\t', '  ');
const line = fc.tuple(tag, space, status, space, text, end).map((parts) => parts.join(''));
const lines = fc.oneof(
  { weight: 8, arbitrary: fc.array(line, { maxLength: 4 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(line, fc.constantFrom(98, 99, 100, 101), line)
      .map(([one, times, last]) => [...Array<string>(times).fill(one), last]),
  },
);

fuzzDialogue(imap, {
  usual: [
    '* OK IMAP4rev2 server ready\r\n',
    '* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na OK done\r\n',
    'b OK begin TLS now\r\n',
  ],
  lines: lines.map((all) => all.join('')),
  mayBegin,
});

/** A greeting; an answer with STARTTLS among the capabilities; an answer: each of our lines came when all before it had been read. */
function mayBegin(all: string, ours: readonly number[]): boolean {
  const answer = (name: string): string => `((?:\\* .*\\r?\\n)*)${name} OK(?: .*)?\\r?\\n`;
  const form = new RegExp(`^(\\* OK(?: [^\\n]*)?\\r?\\n)(${answer('a')})(${answer('b')})$`, 'i');
  const [, greeting = '', first = '', untagged = ''] = form.exec(all) ?? [];
  const inStep = ours[0] === greeting.length && ours[1] === greeting.length + first.length;
  return inStep && /^\* CAPABILITY(?: .*)? STARTTLS(?: .*)?\r?$/im.test(untagged);
}
