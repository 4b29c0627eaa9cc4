/** SMTP with STARTTLS (RFC 5321, RFC 3207), as on ports 25 and 587. */
import type { Dialogue } from './dialogue.ts';
import type { MailProtocol } from './mail-protocol.ts';
import { ProbeFailure } from './probe-error.ts';

export const smtp: MailProtocol = { startTls, farewell: 'QUIT\r\n' };

async function startTls(dialogue: Dialogue, clientName: string): Promise<void> {
  const greeting = await readReply(dialogue);
  if (greeting.code !== 220) throw new ProbeFailure('GreetingRejected');

  dialogue.writeLine(`EHLO ${clientName}`);
  const hello = await readReply(dialogue);
  // A server from before ESMTP does not know the command (RFC 5321 §3.2).
  if ([500, 502].includes(hello.code)) throw new ProbeFailure('STARTTLSNotOffered');
  if (hello.code !== 250) throw new ProbeFailure('GreetingRejected');
  const offered = hello.lines.slice(1).map((line) => line.trim().toUpperCase());
  if (!offered.includes('STARTTLS')) throw new ProbeFailure('STARTTLSNotOffered');

  dialogue.writeLine('STARTTLS');
  const answer = await readReply(dialogue);
  if (answer.code !== 220) throw new ProbeFailure('STARTTLSRefused');
  dialogue.expectSilence();
}

interface Reply {
  readonly code: number;
  readonly lines: readonly string[];
}

/** RFC 5321 §4.2: `250-text` but for the last line, which is `250 text`. */
const REPLY_LINE = /^([2-5]\d\d)(?:([ -])(.*))?$/;
const MAX_REPLY_LINES = 100;

async function readReply(dialogue: Dialogue): Promise<Reply> {
  const lines: string[] = [];
  while (lines.length < MAX_REPLY_LINES) {
    const [, code, separator, text] = REPLY_LINE.exec(await dialogue.readLine()) ?? [];
    if (code === undefined) break;
    lines.push(text ?? '');
    if (separator !== '-') return { code: Number(code), lines };
  }
  throw new ProbeFailure('ProtocolError');
}
