/** The mail probe: which chain does this address present for this hostname and key algorithm? */
import { isIPv6, type Socket } from 'node:net';
import type { MailPort } from '../api/mail-server.ts';
import type { Name } from '../core/name.ts';
import { greeted, leave, openConnection } from './connection.ts';
import { Dialogue } from './dialogue.ts';
import { ProbeFailure, type ProbeError } from './probe-error.ts';
import { PROTOCOLS } from './protocols.ts';
import { handshake, sentChain, type ProbedKeyAlgorithm } from './tls-handshake.ts';

export interface ProbeTarget {
  /** The TLSA base domain: the SNI of the handshake. */
  readonly hostname: Name;
  /** An IP address. The caller has made sure that it may be connected to (deny-cidrs.ts). */
  readonly address: string;
  /** That of the TLSA record, which the protocol follows. */
  readonly port: MailPort;
  /** Where the server listens, if that is elsewhere, as behind a Service. */
  readonly listenPort?: number;
  readonly keyAlgorithm: ProbedKeyAlgorithm;
}

export interface ProbeOptions {
  /** For everything together. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /**
   * The name in EHLO, where the protocol is SMTP. Default: our own address as a literal, `[192.0.2.1]`, as for clients without a name
   * (RFC 5321 §4.1.1.1).
   */
  readonly clientName?: string;
}

export type ProbeResult =
  /** DER as sent, leaf first; one that cannot be read, or none, is for the caller to judge. */
  | { readonly kind: 'Presented'; readonly chain: readonly Uint8Array[] }
  | { readonly kind: 'Failed'; readonly error: ProbeError };

/** One look. Rejects only with the signal's reason, or when this machine cannot make a connection at all. */
export async function probe(target: ProbeTarget, options: ProbeOptions): Promise<ProbeResult> {
  options.signal?.throwIfAborted();
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort();
  }, options.timeoutMs);
  const signal = options.signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, options.signal]);
  try {
    const result = await attempt(target, options, signal);
    const isDoubtful = result.kind === 'Failed' && result.error === 'KeyAlgorithmNotPresented';
    return isDoubtful ? await confirmed(target, options, signal) : result;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * `KeyAlgorithmNotPresented` counts as a proof that no chain of that kind is served, and what suggests it has other meanings too. It
 * is believed only when the same server does present a certificate of the other kind, and then again none of this kind.
 */
async function confirmed(target: ProbeTarget, options: ProbeOptions, signal: AbortSignal): Promise<ProbeResult> {
  const keyAlgorithm = target.keyAlgorithm === 'RSA' ? 'ECDSA' : 'RSA';
  const other = await attempt({ ...target, keyAlgorithm }, options, signal);
  return other.kind === 'Presented'
    ? attempt(target, options, signal)
    : { kind: 'Failed', error: 'TLSHandshakeFailed' };
}

async function attempt(target: ProbeTarget, options: ProbeOptions, signal: AbortSignal): Promise<ProbeResult> {
  try {
    return { kind: 'Presented', chain: await presentedChain(target, options.clientName, signal) };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof ProbeFailure)) throw error;
    return { kind: 'Failed', error: error.code };
  }
}

/** After these the server still waits for a command. */
const REFUSALS: ReadonlySet<ProbeError> = new Set(['GreetingRejected', 'STARTTLSNotOffered', 'STARTTLSRefused']);

async function presentedChain(
  { hostname, address, port, listenPort = port, keyAlgorithm }: ProbeTarget,
  clientName: string | undefined,
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  const protocol = PROTOCOLS[port];
  const socket = await openConnection(address, listenPort, signal);
  try {
    await protocol.startTls?.(new Dialogue(socket), clientName ?? addressLiteral(socket));
    const secured = await handshake(socket, hostname, keyAlgorithm);
    const chain = sentChain(secured);
    if (protocol.startTls === undefined) await greeted(secured);
    await leave(secured, protocol.farewell);
    return chain;
  } catch (error) {
    if (signal.aborted) throw new ProbeFailure('Timeout');
    if (error instanceof ProbeFailure && REFUSALS.has(error.code)) await leave(socket, protocol.farewell);
    throw error;
  } finally {
    socket.destroy();
  }
}

/** RFC 5321 §4.1.3. */
function addressLiteral({ localAddress = '' }: Socket): string {
  return isIPv6(localAddress) ? `[IPv6:${localAddress}]` : `[${localAddress}]`;
}
