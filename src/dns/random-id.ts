import { randomInt } from 'node:crypto';

/** Unpredictable, as the source port is: both together keep strangers from answering (RFC 5452 §9.2). */
export function randomId(): number {
  return randomInt(0x10000);
}
