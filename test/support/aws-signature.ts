/** Signature Version 4 of AWS, as its server side checks it: made anew from what came, and compared. */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9]+)\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/;

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

export type Verdict =
  'MissingAuthenticationToken' | 'InvalidClientTokenId' | 'SignatureDoesNotMatch' | 'RequestExpired' | undefined;

/** Whose key it is; undefined where there is no signature. */
export function accessKeyOf({ headers }: IncomingMessage): string | undefined {
  return AUTHORIZATION.exec(headers.authorization ?? '')?.[1];
}

/** Undefined: the signature is right. `secretOf`: undefined for a key that is not known. */
export function judgeSignature(
  request: IncomingMessage,
  body: Buffer,
  service: string,
  secretOf: (accessKey: string) => string | undefined,
): Verdict {
  const { headers, method = '', url = '' } = request;
  const [, accessKey = '', date = '', region = '', scope = '', signed = '', signature] =
    AUTHORIZATION.exec(headers.authorization ?? '') ?? [];
  if (signature === undefined || !signed.split(';').includes('host')) return 'MissingAuthenticationToken';
  const secret = secretOf(accessKey);
  if (secret === undefined) return 'InvalidClientTokenId';
  const at = String(headers['x-amz-date']);
  const time = Date.parse(at.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
  if (!(Math.abs(time - Date.now()) < 300_000) || !at.startsWith(date)) return 'RequestExpired';
  const { pathname, searchParams } = new URL(url, 'http://host');
  const encode = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, hexOf);
  const query = [...searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const lines = signed.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const canonical = [method, pathname, query.join('&'), lines.join(''), signed, sha256(body)].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', at, `${date}/${region}/${service}/aws4_request`, sha256(canonical)].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secret}`);
  const isRight = scope === service && hmac(key, toSign).toString('hex') === signature;
  return isRight ? undefined : 'SignatureDoesNotMatch';
}

function hexOf(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
