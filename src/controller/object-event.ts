import type { Code } from '../core/reasons.ts';

export interface ObjectEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: Code;
  readonly message: string;
}

export function normal(reason: Code, message: string): ObjectEvent {
  return { type: 'Normal', reason, message };
}

export function warning(reason: Code, message: string): ObjectEvent {
  return { type: 'Warning', reason, message };
}

/** The first digits tell keys apart for a person. */
export function shortKey(sha256: string): string {
  return `${sha256.slice(0, 8)}…`;
}
