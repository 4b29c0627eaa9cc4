/**
 * DNS names as this program holds them: absolute, lower-case A-labels, without the final dot (`mx1.example.nl`); the root is `.`.
 * Inside a label, a dot or a backslash stands escaped as in zone files (RFC 1035 §5.1).
 */
import { stalled } from './errors.ts';

export type Name = string;

export const ROOT: Name = '.';

// Matched before lower-casing: there are letters beyond ASCII that become ASCII ones by it (U+212A, the Kelvin sign).
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;
const HOST_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const MAX_PRESENTATION_LENGTH = 253;

/** The labels from left to right; the root has none. */
export function labelsOf(name: Name): readonly string[] {
  if (name === ROOT) return [];
  return name.match(/(?:\\.|[^.\\])+/g) ?? [];
}

/** The name without its first label; the root has no parent. */
export function parentOf(name: Name): Name | undefined {
  const labels = labelsOf(name);
  if (labels.length === 0) return undefined;
  return labels.length === 1 ? ROOT : labels.slice(1).join('.');
}

/** Is `name` equal to `ancestor` or below it? */
export function isAtOrBelow(name: Name, ancestor: Name): boolean {
  const above = labelsOf(ancestor);
  const end = labelsOf(name).slice(-above.length);
  return above.length === 0 || (end.length === above.length && end.every((label, index) => label === above[index]));
}

/**
 * A name that a person wrote (a zone, a key name), made canonical: lower-case, no final dot.
 * @throws OperatorError `InvalidName`
 */
export function canonicalName(text: string): Name {
  if (text === ROOT) return ROOT;
  const name = text.replace(/\.$/, '');
  if (name.length > MAX_PRESENTATION_LENGTH || !name.split('.').every((label) => LABEL.test(label))) {
    throw stalled(
      'InvalidName',
      `${JSON.stringify(text)} is not a DNS name: labels of 1 to 63 letters, digits, hyphens, joined by dots, 253 characters in all; an internationalized name is written in A-labels (xn--...)`,
    );
  }
  return name.toLowerCase();
}

/**
 * The name of a host (RFC 952, RFC 1123 §2.1), made canonical; at least two labels, no wildcard.
 * @throws OperatorError `InvalidHostname`
 */
export function canonicalHostname(text: string): Name {
  const name = text.replace(/\.$/, '');
  const labels = name.split('.');
  if (name.length > MAX_PRESENTATION_LENGTH || labels.length < 2 || !labels.every((label) => HOST_LABEL.test(label))) {
    throw stalled(
      'InvalidHostname',
      `${JSON.stringify(text)} is not the name of a host: two or more labels of letters, digits and hyphens, as in mx1.example.nl; an internationalized name is written in A-labels (xn--...)`,
    );
  }
  return name.toLowerCase();
}

/** Where the TLSA records of a service stand: `_25._tcp.mx1.example.nl` (RFC 6698 §3). */
export function ownerName(hostname: Name, port: number): Name {
  return `_${port}._tcp.${hostname}`;
}

/** Does `*.example.nl` (any depth below, not example.nl itself) or a plain name cover this host? */
export function matchesHostnamePattern(hostname: Name, pattern: string): boolean {
  const wanted = pattern.toLowerCase();
  return wanted.startsWith('*.') ? hostname.endsWith(wanted.slice(1)) : hostname === wanted;
}
