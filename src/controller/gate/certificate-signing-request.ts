import { createHash } from 'node:crypto';
import { spkiInRequest } from '../../core/der.ts';

const BLOCK =
  /^\s*-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----\s*([A-Za-z0-9+/=\s]*)-----END (?:NEW )?CERTIFICATE REQUEST-----\s*$/;

/**
 * SHA-256 of the SPKI that a certificate signing request (RFC 2986) asks a certificate for; undefined when it is none.
 * @param base64 of the PEM, as in `spec.request`
 */
export function keyOfRequest(base64: string): string | undefined {
  const [, body] = BLOCK.exec(Buffer.from(base64, 'base64').toString('latin1')) ?? [];
  const spki = body === undefined ? undefined : spkiInRequest(Buffer.from(body, 'base64'));
  return spki && createHash('sha256').update(spki).digest('hex');
}
