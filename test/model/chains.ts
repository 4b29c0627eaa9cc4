/**
 * The chains of the model. Signatures are real, made once for a few CAs, so that the planner matches what is presented as it always does.
 * Keys and dates are not: any number of leaves is made from one of each CA by giving it another key, whose hash is then the same in every run.
 */
import { createHash } from 'node:crypto';
import { parseChain, type Chain } from '../../src/core/certificate.ts';
import type { Certificate, KeyAlgorithm } from '../../src/core/x509.ts';
import { summarize, type ChainSummary } from '../../src/core/chain-summary.ts';
import { makeCA, makeLeaf } from '../support/pki.ts';

/** When the clocks of all worlds begin: milliseconds since 1970. */
export const EPOCH = Date.UTC(2027, 0, 1);

/** `none`: the leaf has signed itself. */
export type CA = 'A' | 'B' | 'C' | 'none';
const CAS = ['A', 'B', 'C', 'none'] as const;

/** What a Secret holds, as the checker knows it. Times are seconds of the world. */
export interface ModelChain {
  /** For people. */
  readonly name: string;
  /** The name of its key. */
  readonly key: string;
  /** SHA-256 of the leaf's key. */
  readonly leaf: string;
  /** SHA-256 of the key of each CA that is sent. */
  readonly cas: readonly string[];
  readonly algorithm: KeyAlgorithm;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly coversHosts: boolean;
  /** The same, for the planner. */
  readonly chain: Chain;
  readonly summary: ChainSummary;
}

export interface NewChain {
  readonly name: string;
  /** The name of its key; one of its own where none is given. */
  readonly key?: string | undefined;
  readonly ca: CA;
  readonly algorithm: 'RSA' | 'ECDSA';
  readonly notBefore: number;
  readonly notAfter: number;
  readonly names: readonly string[];
}

const LONG_AGO = new Date(EPOCH - 1000 * 86_400_000);
const FAR_AWAY = new Date(EPOCH + 10_000 * 86_400_000);

const real = new Map<CA, readonly [Certificate, ...Certificate[]]>();
const root = await makeCA({ name: 'root' });
for (const ca of CAS) {
  const issuer = ca === 'none' ? undefined : await makeCA({ name: `CA ${ca}`, issuer: root });
  const issued = await makeLeaf({ names: ['any.example'], ...(issuer === undefined ? {} : { issuer }) });
  const [leaf, ...cas] = parseChain(issued.chainPem).certificates;
  real.set(ca, [
    leaf,
    ...cas.map((one) => ({ ...one, notBefore: LONG_AGO, notAfter: FAR_AWAY, spki: keyNamed(`key of CA ${ca}`) })),
  ]);
}

export function makeChain({
  name,
  key = `key of ${name}`,
  ca,
  algorithm,
  notBefore,
  notAfter,
  names,
}: NewChain): ModelChain {
  const [real1, ...cas] = realOf(ca);
  const leaf: Certificate = {
    ...real1,
    spki: keyNamed(key),
    keyAlgorithm: algorithm,
    dnsNames: names,
    notBefore: dateOf(notBefore),
    notAfter: dateOf(notAfter),
  };
  const chain: Chain = { certificates: [leaf, ...cas], path: [leaf, ...cas] };
  return {
    name,
    key,
    leaf: hashOf(leaf),
    cas: cas.map(hashOf),
    algorithm,
    notBefore,
    notAfter,
    coversHosts: names.length > 0,
    chain,
    summary: summarize(chain),
  };
}

/** The same leaf from a server that sends nothing beside it. */
export function leafAlone(model: ModelChain): ModelChain {
  const [leaf] = model.chain.certificates;
  const chain: Chain = { certificates: [leaf], path: [leaf] };
  return { ...model, cas: [], chain, summary: summarize(chain) };
}

export function dateOf(seconds: number): Date {
  return new Date(EPOCH + 1000 * seconds);
}

export function caKeyOf(ca: Exclude<CA, 'none'>): string {
  return keyHash(`key of CA ${ca}`);
}

export function keyHash(name: string): string {
  return hash(keyNamed(name));
}

function realOf(ca: CA): readonly [Certificate, ...Certificate[]] {
  const found = real.get(ca);
  if (found === undefined) throw new Error(`no CA ${ca}`);
  return found;
}

function keyNamed(name: string): Uint8Array {
  return Buffer.from(name);
}

function hashOf({ spki }: Certificate): string {
  return hash(spki);
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
