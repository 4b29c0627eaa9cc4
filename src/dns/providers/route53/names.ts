/**
 * Names as Route 53 writes them: absolute, lower-case, and every octet but letters, digits, `-` and `_` as a backslash and three octal
 * digits (`\052` is `*`). Its lists are in the order of the reversed labels (`com.example.www.`).
 */
import { type Name } from '../../../core/name.ts';
import { decodeName, encodeName } from '../../name-codec.ts';
import { Reader } from '../../reader.ts';

/** @throws OperatorError `InvalidName` */
export function toRoute53(name: Name): string {
  const reader = new Reader(encodeName(name));
  let text = '';
  for (let length = reader.uint8(); length > 0; length = reader.uint8()) {
    const label = reader.take(length).toString('latin1').toLowerCase();
    text += `${label.replace(/[^a-z0-9_-]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)}.`;
  }
  return text;
}

/** Undefined: no name. */
export function fromRoute53(text: string): Name | undefined {
  const labels = text.replace(/\.$/, '').split('.');
  const octets = labels.map((label) =>
    Buffer.from(
      label.replace(/\\([0-3][0-7]{2})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))),
      'latin1',
    ),
  );
  if (octets.some(({ length }) => length === 0 || length > 63)) return undefined;
  const wire = Buffer.concat([...octets.flatMap((label) => [Buffer.of(label.length), label]), Buffer.of(0)]);
  return wire.length > 255 ? undefined : decodeName(new Reader(wire));
}

/** Compared as text, these stand in the order of Route 53's lists. Of a name as Route 53 writes it. */
export function sortKey(text: string): string {
  return `${text.replace(/\.$/, '').split('.').reverse().join('.')}.`;
}
