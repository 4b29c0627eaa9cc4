/** The protocol follows the port. */
import type { MailPort } from '../api/mail-server.ts';
import { imap } from './imap-starttls.ts';
import type { MailProtocol } from './mail-protocol.ts';
import { pop3 } from './pop3-stls.ts';
import { smtp } from './smtp-starttls.ts';

export const PROTOCOLS: Readonly<Record<MailPort, MailProtocol>> = {
  25: smtp,
  587: smtp, // RFC 6409
  465: inTls(smtp), // RFC 8314 §3.3
  143: imap,
  993: inTls(imap), // RFC 8314 §3.2
  110: pop3,
  995: inTls(pop3), // RFC 8314 §3.1
};

function inTls({ farewell }: MailProtocol): MailProtocol {
  return { farewell };
}
