/** What POP3 servers say before TLS, well-formed or not. */
import fc from 'fast-check';
import { pop3 } from '../../src/smtp/pop3-stls.ts';
import { fuzzDialogue } from './peer.ts';

const text = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      '+OK',
      '+OK ready',
      '+ok',
      '-ERR',
      '-ERR no',
      'STLS',
      'stls ',
      'TOP',
      '.',
      '..',
      '. ',
      '',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(2_040, 2_048, 3_000, 70_000).map((length) => 'x'.repeat(length)) },
);
const end = fc.oneof(
  { weight: 12, arbitrary: fc.constant('\r\n') },
  { weight: 1, arbitrary: fc.constantFrom('\n', '\r', '', '\r\r\n', '\0') },
);
const line = fc.tuple(text, end).map((parts) => parts.join(''));
const lines = fc.oneof(
  { weight: 8, arbitrary: fc.array(line, { maxLength: 6 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(line, fc.constantFrom(98, 99, 100, 101), line)
      .map(([one, times, last]) => [...Array<string>(times).fill(one), last]),
  },
);

fuzzDialogue(pop3, {
  usual: ['+OK POP3 server ready\r\n', '+OK list follows\r\nTOP\r\nSTLS\r\n.\r\n', '+OK begin TLS now\r\n'],
  lines: lines.map((all) => all.join('')),
  mayBegin,
});

/** A greeting; a list with STLS in it, up to a dot; an answer: each of our lines came when all before it had been read. */
function mayBegin(all: string, ours: readonly number[]): boolean {
  const ok = '\\+OK(?: [^\\n]*)?\\r?\\n';
  const form = new RegExp(`^(${ok})(${ok}((?:(?!\\.\\r?\\n)[^\\n]*\\n)*)\\.\\r?\\n)${ok}$`, 'i');
  const [, greeting = '', list = '', capabilities = ''] = form.exec(all) ?? [];
  const inStep = ours[0] === greeting.length && ours[1] === greeting.length + list.length;
  return inStep && /^\s*STLS\s*$/im.test(capabilities);
}
