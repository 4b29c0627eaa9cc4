import { stalled } from '../core/errors.ts';
import { canonicalName, type Name } from '../core/name.ts';

/** RFC 8945 §6, without those that "MUST NOT" or "NOT RECOMMENDED" be used. */
export const TSIG_ALGORITHMS = ['hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const;
export type TsigAlgorithm = (typeof TSIG_ALGORITHMS)[number];

export interface TsigKey {
  readonly name: Name;
  readonly algorithm: TsigAlgorithm;
  readonly secret: Buffer;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * `secret` is base64, as tsig-keygen and named.conf have it; white space around it (an editor's last newline) is ignored.
 * @throws OperatorError `InvalidName`, `InvalidTSIGSecret`
 */
export function tsigKey(name: string, algorithm: TsigAlgorithm, secret: string): TsigKey {
  const text = secret.trim();
  if (text === '' || !BASE64.test(text)) {
    throw stalled(
      'InvalidTSIGSecret',
      `the secret of the TSIG key ${JSON.stringify(name)} is not base64: put the text behind "secret" in the server's key statement into the Kubernetes Secret`,
    );
  }
  return { name: canonicalName(name), algorithm, secret: Buffer.from(text, 'base64') };
}
