/** Octets that are not a DNS message (RFC 1035 §4). The text names the fault, never the octets. */
export class WireError extends Error {
  override readonly name = 'WireError';
}
