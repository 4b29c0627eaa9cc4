/** What comes from a server where TLS should begin: the probe ends with a code, or with the very chain of the server. */
import { createSecureContext, TLSSocket } from 'node:tls';
import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { afterAll, beforeAll } from '@jest/globals';
import fc from 'fast-check';
import { PROBE_ERRORS } from '../../src/smtp/probe-error.ts';
import { probe } from '../../src/smtp/probe.ts';
import { startDouble, type Double } from '../smtp/mail-server-double.ts';
import { makeLeaf, type Issued } from '../support/pki.ts';
import { fuzz, must } from './fuzz.ts';
import { mutated, mutation, type Mutation } from './mutate.ts';

const address = '10.53.2.17';
const hostname = 'mx1.example.nl';

interface Handshake {
  readonly version: 'TLSv1.2' | 'TLSv1.3';
  /** Which of the server's writes is damaged; the connection ends behind it. */
  readonly write: number;
  readonly damage: readonly Mutation[];
}
/** Any octets, once or without end. */
interface Rubbish {
  readonly hex: string;
  readonly forever: boolean;
}

/** Record and handshake headers, alerts, lengths. */
const pieces = fc.oneof(
  fc.constantFrom(
    '16030300',
    '1603030000',
    '160303ffff',
    '15030300020228',
    '15030300020100',
    '14030300010117',
    '1703034000',
  ),
  fc.constantFrom(
    '02',
    '0b',
    '0bffffff',
    '0b000000',
    '0c',
    '0e000000',
    '14',
    '18',
    '0304',
    '0303',
    '0301',
    '0000',
    'ffff',
    '00',
    'ff',
  ),
);
const handshakes: fc.Arbitrary<Handshake> = fc.record({
  version: fc.constantFrom('TLSv1.2', 'TLSv1.3'),
  write: fc.nat({ max: 3 }),
  damage: fc.array(mutation(pieces), { maxLength: 3 }),
});
const rubbish: fc.Arbitrary<Rubbish> = fc.record({
  hex: fc.oneof(
    fc.array(pieces, { minLength: 1, maxLength: 4 }).map((all) => all.join('')),
    fc.string({ minLength: 1, maxLength: 200 }).map((text) => Buffer.from(text).toString('hex')),
  ),
  forever: fc.boolean(),
});
const servers = fc.oneof({ weight: 9, arbitrary: handshakes }, { weight: 1, arbitrary: rubbish });

let leaf: Issued;
let double: Double;
let now: Handshake | Rubbish;
beforeAll(async () => {
  leaf = await makeLeaf({ names: [hostname] });
  double = await startDouble(address, {
    afterStartTls: (socket, clientHello) => {
      if ('hex' in now) talkRubbish(socket, now);
      else shakeHands(socket, clientHello, now);
    },
  });
});
afterAll(() => double.close());

function talkRubbish(socket: Socket, { hex, forever }: Rubbish): void {
  const octets = Buffer.from(hex, 'hex');
  if (!forever) {
    socket.end(octets);
    return;
  }
  const many = Buffer.alloc(0x4000, octets);
  const more = (): void => {
    while (!socket.destroyed && socket.write(many));
  };
  socket.on('drain', more);
  more();
}

/** A real server, whose octets are damaged on their way. */
function shakeHands(socket: Socket, clientHello: Buffer, { version, write, damage }: Handshake): void {
  let writes = 0;
  const wire = new Duplex({
    read: () => undefined,
    write: (octets: Buffer, _, done) => {
      if (writes === write) socket.end(mutated(octets, damage));
      else if (writes < write) socket.write(octets);
      writes += 1;
      done();
    },
  });
  wire.push(clientHello);
  socket.on('data', (octets: Buffer) => wire.push(octets)).on('close', () => wire.destroy());
  const secured = new TLSSocket(wire, {
    isServer: true,
    secureContext: createSecureContext({ key: leaf.keyPem, cert: leaf.pem, minVersion: version, maxVersion: version }),
  });
  // A farewell, or the end of the client's side.
  secured.on('error', () => undefined).on('data', () => socket.end());
}

fuzz('a TLS handshake', { short: 100, oneIn: 10 }, servers, async (one) => {
  now = one;
  const result = await probe({ hostname, address, port: 25, keyAlgorithm: 'ECDSA' }, { timeoutMs: 5_000 });
  if (result.kind === 'Presented') {
    must(
      result.chain.length === 1 && Buffer.compare(leaf.certificate.der, result.chain[0] ?? Buffer.alloc(0)) === 0,
      'another chain than the server has',
    );
  } else {
    must(Object.keys(result).length === 2 && Object.hasOwn(PROBE_ERRORS, result.error), 'not one of our codes');
  }
  must(!('hex' in one) || result.kind === 'Failed', 'rubbish was taken for a handshake');
});
