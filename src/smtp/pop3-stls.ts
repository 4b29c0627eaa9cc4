/** POP3 with STLS (RFC 1939, RFC 2449 for CAPA, RFC 2595 §4), as on port 110. */
import type { Dialogue } from './dialogue.ts';
import type { MailProtocol } from './mail-protocol.ts';
import { ProbeFailure } from './probe-error.ts';

export const pop3: MailProtocol = { startTls, farewell: 'QUIT\r\n' };

async function startTls(dialogue: Dialogue): Promise<void> {
  if (!(await isOK(dialogue))) throw new ProbeFailure('GreetingRejected');

  dialogue.writeLine('CAPA');
  // A server from before RFC 2449 does not know the command.
  if (!(await isOK(dialogue))) throw new ProbeFailure('STARTTLSNotOffered');
  const offered = (await readLines(dialogue)).map((line) => line.trim().toUpperCase());
  if (!offered.includes('STLS')) throw new ProbeFailure('STARTTLSNotOffered');

  dialogue.writeLine('STLS');
  if (!(await isOK(dialogue))) throw new ProbeFailure('STARTTLSRefused');
  dialogue.expectSilence();
}

/** RFC 1939 §3: `+OK text` or `-ERR text`. */
async function isOK(dialogue: Dialogue): Promise<boolean> {
  const [, status] = /^(\+OK|-ERR)(?: |$)/i.exec(await dialogue.readLine()) ?? [];
  if (status === undefined) throw new ProbeFailure('ProtocolError');
  return status.startsWith('+');
}

const MAX_LINES = 100;

/** The lines before the one that is a dot alone. */
async function readLines(dialogue: Dialogue): Promise<readonly string[]> {
  const lines: string[] = [];
  while (lines.length <= MAX_LINES) {
    const line = await dialogue.readLine();
    if (line === '.') return lines;
    lines.push(line);
  }
  throw new ProbeFailure('ProtocolError');
}
