/** What a protocol has to know for a probe; further ones (IMAP, POP3, TLS from the first octet) are further objects of this shape. */
import type { Dialogue } from './dialogue.ts';

export interface MailProtocol {
  /**
   * Everything up to the moment when the TLS handshake may begin.
   * @param clientName what we call ourselves, where the protocol asks
   * @throws ProbeFailure
   */
  readonly startTls: (dialogue: Dialogue, clientName: string) => Promise<void>;
  /** Said before the connection is closed, its line end included. */
  readonly farewell: string;
}
