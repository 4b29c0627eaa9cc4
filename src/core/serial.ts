const HALF = 2 ** 31;
const MODULUS = 2 ** 32;

/**
 * Is an SOA serial the other one, or later (RFC 1982 §3.2, SERIAL_BITS 32)? Serials wrap: up to 2^31 - 1 ahead is later. At a distance of
 * exactly 2^31 the RFC defines no order; such a serial is not called later, in either direction: who waits for it goes on waiting.
 */
export function isSerialAtLeast(serial: number, other: number): boolean {
  return (serial - other + MODULUS) % MODULUS < HALF;
}
