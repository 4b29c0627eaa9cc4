/** The release in Gate: what the wrapped issuer answered goes into the request that cert-manager waits for. The only place that does so. */
import { sameLeaf, type ChainSummary } from '../../core/chain-summary.ts';
import type { RequestWriter } from './request-writer.ts';
import { sayReady } from './ready-condition.ts';
import { readPending } from './read-pending.ts';
import { NOT_BEFORE } from './requests.ts';
import { seenRequest, type SeenRequest } from './seen-request.ts';

/**
 * Completes the request, if it still waits, is still held back as it was seen to be, and the child still holds what was planned from;
 * `Changed`: look again. cert-manager then writes the Secret. Done twice, the second finds it completed.
 * @param chain of the candidate
 */
export async function completeRequest(
  seen: SeenRequest,
  childName: string,
  chain: ChainSummary,
  writer: Pick<RequestWriter, 'read' | 'replaceStatus' | 'event' | 'now'>,
): Promise<'Completed' | 'Changed'> {
  const { namespace } = seen.metadata;
  const [request, child] = await Promise.all([readPending(seen, writer.read), writer.read(namespace, childName)]);
  if (request === undefined || child === undefined) return 'Changed';
  const isHeldAsSeen = request.metadata.annotations?.[NOT_BEFORE] === seen.metadata.annotations?.[NOT_BEFORE];
  if (!isHeldAsSeen || !mayComplete(seenRequest(request), seenRequest(child), chain)) return 'Changed';
  const { certificate, ca } = child.status ?? {};
  const message = `issued by ${child.spec.issuerRef.kind ?? 'Issuer'} ${child.spec.issuerRef.name} (CertificateRequest ${childName})`;
  const answer = { ...(certificate === undefined ? {} : { certificate }), ...(ca === undefined ? {} : { ca }) };
  return (await sayReady(request, 'Issued', message, writer, answer)) ? 'Completed' : 'Changed';
}

/** What is in the child is what was planned from, for the key of the request. */
export function mayComplete(
  { approval, spkiSHA256 }: SeenRequest,
  { outcome }: Pick<SeenRequest, 'outcome'>,
  planned: ChainSummary,
): boolean {
  return (
    approval === 'Approved' &&
    outcome.kind === 'Issued' &&
    outcome.chain.known &&
    outcome.chain.value.spkiSHA256 === spkiSHA256 &&
    sameLeaf(outcome.chain.value, planned)
  );
}
