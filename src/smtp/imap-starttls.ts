/** IMAP with STARTTLS (RFC 9051 §6.2.1; the same in RFC 3501), as on port 143. */
import type { Dialogue } from './dialogue.ts';
import type { MailProtocol } from './mail-protocol.ts';
import { ProbeFailure } from './probe-error.ts';

export const imap: MailProtocol = { startTls, farewell: 'c LOGOUT\r\n' };

async function startTls(dialogue: Dialogue): Promise<void> {
  const [, greeting] = /^\* (OK|PREAUTH|BYE)(?: |$)/i.exec(await dialogue.readLine()) ?? [];
  if (greeting === undefined) throw new ProbeFailure('ProtocolError');
  if (greeting.toUpperCase() === 'BYE') throw new ProbeFailure('GreetingRejected');
  // Who is logged in already may not start TLS any more (RFC 9051 §7.1.4).
  if (greeting.toUpperCase() === 'PREAUTH') throw new ProbeFailure('STARTTLSNotOffered');

  // The greeting may list them, and need not.
  const { untagged, status } = await command(dialogue, 'a', 'CAPABILITY');
  if (status !== 'OK') throw new ProbeFailure('GreetingRejected');
  const offered = untagged.map((line) => line.toUpperCase().split(' ')).filter(([name]) => name === 'CAPABILITY');
  if (!offered.flat().includes('STARTTLS')) throw new ProbeFailure('STARTTLSNotOffered');

  const answer = await command(dialogue, 'b', 'STARTTLS');
  if (answer.status !== 'OK') throw new ProbeFailure('STARTTLSRefused');
  dialogue.expectSilence();
}

interface Answer {
  readonly status: string;
  readonly untagged: readonly string[];
}

const MAX_UNTAGGED_LINES = 100;

/** RFC 9051 §2.2.2: untagged lines, and then one that begins with the tag of the command. */
async function command(dialogue: Dialogue, tag: string, name: string): Promise<Answer> {
  dialogue.writeLine(`${tag} ${name}`);
  const untagged: string[] = [];
  while (untagged.length <= MAX_UNTAGGED_LINES) {
    const [, of, rest = ''] = /^(\S+) (.*)$/.exec(await dialogue.readLine()) ?? [];
    if (of === '*') {
      untagged.push(rest);
      continue;
    }
    const [, status] = /^(OK|NO|BAD)(?: |$)/i.exec(rest) ?? [];
    if (of !== tag || status === undefined) break;
    return { status: status.toUpperCase(), untagged };
  }
  throw new ProbeFailure('ProtocolError');
}
