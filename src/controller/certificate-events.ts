/** What a status write says of certificates: found, withheld, released, replaced before that, out of use. */
import type { MailServerStatus } from '../api/mail-server-status.ts';
import type { Code } from '../core/reasons.ts';
import { sameLeaf } from '../core/chain-summary.ts';
import { several } from '../core/several.ts';
import { normal, shortKey, warning, type ObjectEvent } from './object-event.ts';

type Certificate = NonNullable<MailServerStatus['certificates']>[number];
type Chain = Certificate['chains'][number];

export function certificateEvents(before: MailServerStatus, after: MailServerStatus, now: Date): ObjectEvent[] {
  const old = before.certificates ?? [];
  const current = after.certificates ?? [];
  const names = new Set([...old, ...current].map(({ secretName }) => secretName));
  const owners = (after.recordSets ?? []).map(({ owner }) => owner);
  return [...names].flatMap((name) => {
    const is = (certificate: Certificate): boolean => certificate.secretName === name;
    const [was, became] = [old.find(is), current.find(is)];
    return [...chainEvents(name, was, became, owners, now), ...holdEvents(was, became, after)];
  });
}

function chainEvents(
  secretName: string,
  before: Certificate | undefined,
  after: Certificate | undefined,
  owners: readonly string[],
  now: Date,
): ObjectEvent[] {
  const [old, current] = [before?.chains ?? [], after?.chains ?? []];
  const came = current.flatMap((chain): ObjectEvent[] => {
    const { state, notAfter } = chain;
    const key = shortKey(chain.spkiSHA256);
    const [was, is] = [statesOf(chain, old), statesOf(chain, current)];
    switch (state) {
      case 'Candidate':
        if (was.includes('Candidate')) return [];
        return [
          normal(
            'CandidateFound',
            `${holderOf(secretName, after)} holds a certificate for key ${key}, valid to ${notAfter}; it is withheld until every sender will accept it`,
          ),
        ];
      case 'Dropped':
        // In a Secret that pods mount now it was not dropped for them.
        if (!was.includes('Candidate') || is.includes('Serving')) return [];
        return [
          normal(
            'CandidateDropped',
            `the certificate for key ${key} in ${holderOf(secretName, before)} ${whyDropped(chain, current, now)} before it was released`,
          ),
        ];
      case 'Serving':
        if (was.length === 0) {
          return [
            normal(
              'CertificateFound',
              `${servedFrom(secretName, after)} holds a certificate for key ${key}, valid to ${notAfter}`,
            ),
          ];
        }
        if (!was.some(isWaiting) || is.includes('Candidate')) return [];
        // Served already, and no longer dropped.
        if (was.includes('Serving') && !was.includes('Candidate')) return [];
        return [
          normal(
            'Released',
            `the certificate for key ${key} of ${holderOf(secretName, before)} is in the Secret that pods mount; its records: ${several(owners)}`,
          ),
        ];
      case 'Compromised':
        if (was.includes('Compromised')) return [];
        return [
          normal('CertificateRetired', `nobody is served by the compromised key ${key} any more; its records go`),
        ];
      case 'Former':
        return [];
    }
  });
  const went = old
    .filter((chain) => chain.state !== 'Compromised' && statesOf(chain, current).length === 0)
    .map(({ state, spkiSHA256 }) =>
      normal(
        'CertificateRetired',
        state === 'Dropped'
          ? `the certificate for key ${shortKey(spkiSHA256)} was not released and is no longer to be; its records go`
          : `no endpoint presents the certificate for key ${shortKey(spkiSHA256)} any more; its records go`,
      ),
    );
  return [...came, ...went];
}

function servedFrom(secretName: string, certificate: Certificate | undefined): string {
  return certificate?.mode === 'Promote'
    ? `the Secret that pods mount in place of ${secretName}`
    : `Secret ${secretName}`;
}

function whyDropped({ notAfter }: Chain, current: readonly Chain[], now: Date): string {
  const next = current.find(({ state }) => state === 'Candidate');
  if (next !== undefined) return `was replaced by one for key ${shortKey(next.spkiSHA256)}`;
  return now.getTime() > Date.parse(notAfter) ? 'has expired' : 'was taken away';
}

/** Of one that waits: in Gate no Secret has it yet. */
function holderOf(secretName: string, certificate: Certificate | undefined): string {
  const request = certificate?.candidate?.requestName;
  return request === undefined ? `Secret ${secretName}` : `CertificateRequest ${request} for Secret ${secretName}`;
}

/** One certificate can be two: a serving Secret that was lost held it, and it waits to be put there again. */
function statesOf(chain: Chain, chains: readonly Chain[]): Chain['state'][] {
  return chains.filter((other) => sameLeaf(other, chain)).map(({ state }) => state);
}

function isWaiting(state: Chain['state']): boolean {
  return state === 'Candidate' || state === 'Dropped';
}

/** Until when, or why, it waits: where that is new, and not said by `Ready`. */
function holdEvents(
  was: Certificate | undefined,
  is: Certificate | undefined,
  { conditions = [] }: MailServerStatus,
): ObjectEvent[] {
  const { stage, reason, gateOpensAt } = is?.candidate ?? {};
  if (reason === undefined || (reason === was?.candidate?.reason && gateOpensAt === was.candidate.gateOpensAt))
    return [];
  const words = conditions.find((condition) => condition.type === 'RolloverInProgress' && condition.reason === reason);
  const isSaid = conditions.some((condition) => condition.type === 'Ready' && condition.reason === reason);
  if (words === undefined || isSaid) return [];
  // Conditions hold our own words only.
  if (stage === 'Withheld') return [warning(reason as Code, words.message)];
  return gateOpensAt === undefined ? [] : [normal(reason as Code, words.message)];
}
