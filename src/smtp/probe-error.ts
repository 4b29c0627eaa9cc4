import type { TransientCode } from '../core/reasons.ts';

/**
 * Why a probe ended without a chain. The codes are all that leaves this room: nothing that a server says reaches a status, an event
 * or a log.
 */
export const PROBE_ERRORS = {
  ConnectionRefused: 'no server listens there: the connection was refused',
  ConnectionTimeout:
    'no connection within the time allowed: the server is down, or a firewall drops what is sent to this port',
  NetworkUnreachable: 'no route leads to this address from here',
  HostUnreachable: 'the network reports that the host cannot be reached: it is down, or a firewall forbids it',
  ConnectionClosed: 'the server closed the connection before the TLS handshake',
  GreetingRejected: 'the server refused the session in its greeting or in its first answer',
  STARTTLSNotOffered: 'the server does not offer STARTTLS (POP3: STLS)',
  STARTTLSRefused:
    'the server offers STARTTLS (POP3: STLS) but refused it; its own log says why (often a key that does not fit)',
  ProtocolError: 'what the server sent is not what the protocol allows, or more than it allows',
  TLSHandshakeFailed: 'the TLS handshake failed (TLS 1.2 or newer is needed)',
  KeyAlgorithmNotPresented: 'the server has a certificate, but none with a key of this algorithm',
  Timeout: 'the server did not finish within the time allowed',
} as const satisfies Readonly<Partial<Record<TransientCode, string>>>;

/** A stable code; `PROBE_ERRORS` has the sentence for people. */
export type ProbeError = keyof typeof PROBE_ERRORS;

/** How the code travels inside this room. */
export class ProbeFailure extends Error {
  override readonly name = 'ProbeFailure';
  readonly code: ProbeError;

  constructor(code: ProbeError, options?: ErrorOptions) {
    super(PROBE_ERRORS[code], options);
    this.code = code;
  }
}
