/** What a protocol has to know for a probe. */
import type { Dialogue } from './dialogue.ts';

export interface MailProtocol {
  /**
   * Everything up to the moment when the TLS handshake may begin. Undefined: the connection begins with it (implicit TLS, RFC 8314),
   * and the server greets after it.
   * @param clientName what we call ourselves, where the protocol asks
   * @throws ProbeFailure
   */
  readonly startTls?: (dialogue: Dialogue, clientName: string) => Promise<void>;
  /** Said before the connection is closed, its line end included. */
  readonly farewell: string;
}
