/** What is said when a resolver gives no answer. */
import { OperatorError, transient } from '../core/errors.ts';
import type { Name } from '../core/name.ts';
import type { StalledCode, TransientCode } from '../core/reasons.ts';
import type { ExchangeFailure } from './exchange-error.ts';

export type ResolverFailure =
  ExchangeFailure | 'ServerFailure' | 'Refused' | 'NotRecursive' | 'DoesNotValidate' | 'NotConfigured';

type Sayer = (server: string, timeoutMs: number) => string;

type Entry =
  | readonly [kind: 'Stalled', code: StalledCode, say: Sayer]
  | readonly [kind: 'Transient', code: TransientCode, say: Sayer];

const TABLE: Readonly<Record<ResolverFailure, Entry>> = {
  Timeout: [
    'Transient',
    'ResolverTimeout',
    (server, timeoutMs) =>
      `the resolver ${server} did not answer within ${timeoutMs / 1000} s: is it running, and is UDP and TCP to it allowed?`,
  ],
  Unreachable: [
    'Transient',
    'ResolverUnreachable',
    (server) => `the resolver ${server} cannot be reached: is it running, and is there a route to it?`,
  ],
  AddressUnknown: [
    'Transient',
    'ResolverAddressUnknown',
    (server) => `the name of the resolver ${server} has no address: write its address instead`,
  ],
  AddressRefused: [
    'Stalled',
    'ResolverAddressRefused',
    (server) => `the resolver ${server} has an address that is not allowed`,
  ],
  Malformed: [
    'Transient',
    'ResolverAnswerMalformed',
    (server) =>
      `what the resolver ${server} answered is not a DNS answer to the question: is this the right host and port?`,
  ],
  Aborted: [
    'Transient',
    'Aborted',
    (server) => `the question to the resolver ${server} was given up, because the operator is ending`,
  ],
  ServerFailure: [
    'Transient',
    'ResolverServerFailure',
    (server) =>
      `the resolver ${server} could not find an answer (SERVFAIL): the servers of the zone, or the way to them, may be down`,
  ],
  Refused: [
    'Stalled',
    'ResolverRefused',
    (server) =>
      `the resolver ${server} refused the question: let the operator's addresses in (Unbound: access-control)`,
  ],
  NotRecursive: [
    'Stalled',
    'ResolverNotRecursive',
    (server) => `${server} answers for its own zones only: configure a validating resolver`,
  ],
  DoesNotValidate: [
    'Stalled',
    'ResolverDoesNotValidate',
    (server) =>
      `the resolver ${server} does not validate DNSSEC, so nothing is known of the security of any name: configure one that does with --resolver (deploy/ brings one)`,
  ],
  NotConfigured: ['Stalled', 'ResolverNotConfigured', () => 'no validating resolver is configured'],
};

export function resolverError(failure: ResolverFailure, server: string, timeoutMs: number): OperatorError {
  const [kind, code, say] = TABLE[failure];
  return new OperatorError(kind, code, say(server, timeoutMs));
}

export function bogus(name: Name, type: string): OperatorError {
  return transient(
    'Bogus',
    `${name} ${type} does not pass DNSSEC validation: senders that check DANE cannot deliver until the zone's signatures and the DS at its parent fit (delv, dnsviz.net)`,
  );
}
