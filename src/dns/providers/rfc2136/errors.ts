/** What is said when the primary does not do what it is asked. */
import { OperatorError } from '../../../core/errors.ts';
import type { StalledCode, TransientCode } from '../../../core/reasons.ts';
import { Rcode } from '../../constants.ts';
import type { ExchangeFailure } from '../../exchange-error.ts';
import type { TsigVerdict } from '../../tsig.ts';

/** The words of a message: ours only. */
export interface Place {
  /** `ns1.example.nl:53`. */
  readonly server: string;
  /** The zone or the name that it is about. */
  readonly name: string;
  readonly key: string;
  readonly timeoutMs: number;
}

type Sayer = (place: Place) => string;
type Entry =
  | readonly [kind: 'Stalled', code: StalledCode, say: Sayer]
  | readonly [kind: 'Transient', code: TransientCode, say: Sayer];

export type PrimaryFailure =
  | ExchangeFailure
  | Exclude<TsigVerdict, 'Verified'>
  | 'KeyRefused'
  | 'FormErr'
  | 'ServFail'
  | 'NotImp'
  | 'Refused'
  | 'NotAuth'
  | 'NotZone'
  | 'Unexpected';

const TABLE: Readonly<Record<PrimaryFailure, Entry>> = {
  Timeout: [
    'Transient',
    'PrimaryTimeout',
    ({ server, timeoutMs }) =>
      `${server} did not answer within ${timeoutMs / 1000} s: is UDP and TCP to it allowed by firewalls and network policies?`,
  ],
  Unreachable: [
    'Transient',
    'PrimaryUnreachable',
    ({ server }) =>
      `${server} cannot be reached, or ended the connection: does a DNS server listen there, on UDP and TCP?`,
  ],
  AddressUnknown: [
    'Transient',
    'PrimaryAddressUnknown',
    ({ server }) => `the name in ${server} has no address: check the provider's "server"`,
  ],
  AddressRefused: [
    'Stalled',
    'PrimaryAddressRefused',
    ({ server }) =>
      `${server} leads to a loopback, link-local or metadata address, which only a ClusterDNSProvider may name: check the provider's "server"`,
  ],
  Malformed: [
    'Transient',
    'PrimaryAnswerMalformed',
    ({ server }) => `what ${server} answered is not a DNS answer to the request: is this the right host and port?`,
  ],
  Aborted: [
    'Transient',
    'Aborted',
    ({ server }) => `the request to ${server} was given up, because the operator is ending`,
  ],
  Unsigned: [
    'Stalled',
    'TSIGAnswerUnsigned',
    ({ server, key }) =>
      `${server} answered without a signature: let it accept the TSIG key ${key}, and check that nothing in between rewrites DNS`,
  ],
  Invalid: [
    'Transient',
    'TSIGAnswerInvalid',
    ({ server, key }) =>
      `the signature of what ${server} answered does not fit the TSIG key ${key}: compare secret and algorithm on both sides, and both clocks`,
  ],
  KeyUnknown: [
    'Stalled',
    'BadKey',
    ({ server, key }) =>
      `${server} does not know the TSIG key ${key} (BADKEY): compare its name and algorithm on both sides`,
  ],
  KeyRefused: [
    'Stalled',
    'BadKey',
    ({ server, key }) =>
      `${server} does not accept the TSIG key ${key}, and does not say why (NOTAUTH): compare its name, algorithm and secret on both sides, and both clocks`,
  ],
  SignatureRefused: [
    'Stalled',
    'BadSignature',
    ({ server, key }) =>
      `${server} has another secret for the TSIG key ${key} (BADSIG): compare the secret on both sides`,
  ],
  TimeRefused: [
    'Transient',
    'BadTime',
    ({ server }) => `the clock of ${server} and ours are more than 300 s apart (BADTIME): let both follow NTP`,
  ],
  FormErr: [
    'Stalled',
    'PrimaryFormatError',
    ({ server, name }) =>
      `${server} does not understand the request about ${name} (FORMERR): does it support TSIG, EDNS and RFC 2136?`,
  ],
  ServFail: [
    'Transient',
    'PrimaryServerFailure',
    ({ server, name }) =>
      `${server} failed at ${name} (SERVFAIL): its log says why (a journal it cannot write, an expired zone)`,
  ],
  NotImp: [
    'Stalled',
    'PrimaryNotImplemented',
    ({ server }) =>
      `${server} does not do dynamic updates (NOTIMP): turn RFC 2136 on, or use the provider for its own API`,
  ],
  Refused: [
    'Stalled',
    'PrimaryRefused',
    ({ server, name, key }) =>
      `${server} refused the request about ${name}: if it is the primary server of the zone, let the TSIG key ${key} query it and change TLSA records (BIND: allow-query, update-policy; Knot: acl)`,
  ],
  NotAuth: [
    'Stalled',
    'PrimaryNotAuthoritative',
    ({ server, name, key }) =>
      `${server} does not answer for ${name} with authority, or not to the TSIG key ${key}: name the primary server of the zone`,
  ],
  NotZone: [
    'Stalled',
    'OwnerOutsideZone',
    ({ server, name }) =>
      `${server} says that ${name} does not belong to the zone (NOTZONE): is it in a zone of its own?`,
  ],
  Unexpected: [
    'Transient',
    'PrimaryUnexpectedAnswer',
    ({ server, name }) =>
      `${server} answered the request about ${name} with an error that has no meaning here: its log may say why`,
  ],
};

export function primaryError(failure: PrimaryFailure, place: Place): OperatorError {
  const [kind, code, say] = TABLE[failure];
  return new OperatorError(kind, code, say(place));
}

const RCODES = new Map<number, PrimaryFailure>([
  [Rcode.FormErr, 'FormErr'],
  [Rcode.ServFail, 'ServFail'],
  [Rcode.NotImp, 'NotImp'],
  [Rcode.Refused, 'Refused'],
  [Rcode.NotAuth, 'NotAuth'],
  [Rcode.NotZone, 'NotZone'],
]);

export function failureOf(rcode: number): PrimaryFailure {
  return RCODES.get(rcode) ?? 'Unexpected';
}
