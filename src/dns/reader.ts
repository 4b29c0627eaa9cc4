import type { Name } from '../core/name.ts';
import { WireError } from './wire-error.ts';

/** A name in both forms. */
export interface WireName {
  readonly name: Name;
  /** Without compression, in lower case. */
  readonly wire: Buffer;
}

/** Reads a message from front to back, never beyond its end. */
export class Reader {
  readonly message: Buffer;
  offset: number;
  /** The names that begin at these offsets, as far as they were read already. */
  readonly names: Map<number, WireName>;

  constructor(message: Buffer, offset = 0, names = new Map<number, WireName>()) {
    this.message = message;
    this.offset = offset;
    this.names = names;
  }

  /** A reader of the same message from here on, that ends after `length` octets. */
  bounded(length: number): Reader {
    return new Reader(this.message.subarray(0, this.offset + length), this.offset, this.names);
  }

  uint8(): number {
    return this.take(1).readUInt8();
  }

  uint16(): number {
    return this.take(2).readUInt16BE();
  }

  uint32(): number {
    return this.take(4).readUInt32BE();
  }

  uint48(): number {
    return this.take(6).readUIntBE(0, 6);
  }

  take(length: number): Buffer {
    const end = this.offset + length;
    if (end > this.message.length) throw new WireError('the message ends in the middle of a field');
    const octets = this.message.subarray(this.offset, end);
    this.offset = end;
    return octets;
  }
}
