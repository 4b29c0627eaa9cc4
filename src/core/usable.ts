/** Can a sender of mail use this TLSA record at all, whatever the server presents? (RFC 6698 §4.1, RFC 7672 §3.1.3) */
import type { TlsaRecord } from './tlsa.ts';
import { readCertificate, readPublicKey } from './x509.ts';

const DIGEST_OCTETS = new Map([
  [1, 32],
  [2, 64],
]);

/** Undefined when it can; otherwise a fixed sentence, for people. */
export function whyUnusable(record: TlsaRecord): string | undefined {
  const { usage, selector, matchingType, data } = record;
  if (usage === 0 || usage === 1) return 'senders of mail do not use usages 0 and 1 (RFC 7672 §3.1.3)';
  if (usage > 3) return 'this usage is not defined';
  if (selector > 1) return 'this selector is not defined';
  if (matchingType > 2) return 'this matching type is not defined';
  if (matchingType === 0) return whyNotFull(selector, Buffer.from(data, 'hex'));
  return data.length === 2 * (DIGEST_OCTETS.get(matchingType) ?? 0)
    ? undefined
    : 'the data has not the length of its digest: 32 octets for matching type 1, 64 for 2';
}

/** Like OpenSSL we want matching type 0 to carry what its selector says. */
function whyNotFull(selector: number, data: Uint8Array): string | undefined {
  if (selector === 0) return readCertificate(data) === undefined ? 'the data is not a whole certificate' : undefined;
  return readPublicKey(data) === undefined ? 'the data is not a whole public key' : undefined;
}
