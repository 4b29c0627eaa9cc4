/** Does each Secret hold a certificate chain, and is it one that will do? */
import { coversHostname } from './certificate.ts';
import { compromised, isCompromised } from './compromised.ts';
import { state, type ConditionState } from './condition-state.ts';
import type { OperatorError } from './errors.ts';
import type { Facts } from './facts.ts';
import { lifetimeWarnings } from './lifetime.ts';
import type { Plan } from './plan.ts';
import { sentences, several } from './several.ts';

export function certificatesResolved(facts: Facts, plan: Plan): ConditionState {
  const problems = certificateProblems(facts);
  const [first] = problems;
  if (first !== undefined) {
    const status = first.code === 'SecretUnreadable' ? 'Unknown' : 'False';
    return state('CertificatesResolved', status, first.code, sentences(problems));
  }
  const warnings = [...certificateWarnings(facts), ...lifetimeWarnings(facts, plan.state.recordSets)];
  const [warning] = warnings;
  if (warning !== undefined) return { ...warning, message: sentences(warnings) };
  return state('CertificatesResolved', 'True', 'Resolved', 'each Secret holds a certificate chain');
}

/** What does not stop publication (a `3 1 1` matches whatever names and dates say), and is seldom what somebody wants. */
function certificateWarnings({ secrets, owners, now }: Facts): ConditionState[] {
  const hostnames = [...new Set(owners.filter((owner) => owner.desired).map(({ hostname }) => hostname))];
  return [...secrets].flatMap(([secretName, secret]) => {
    if (!secret.known) return [];
    const { notBefore, notAfter, names } = secret.value;
    const it = `the certificate in Secret ${secretName}`;
    const isExpired = now.getTime() > Date.parse(notAfter);
    const isEarly = now.getTime() < Date.parse(notBefore);
    const uncovered = hostnames.filter((hostname) => !coversHostname(names, hostname));
    const whose = `${it} is not for ${several(uncovered)}; without that name no 2 1 1 can match, so none is published`;
    return [
      ...(isExpired
        ? [state('CertificatesResolved', 'True', 'CertificateExpired', `${it} expired at ${notAfter}; renew it`)]
        : []),
      ...(isEarly
        ? [state('CertificatesResolved', 'True', 'CertificateNotYetValid', `${it} is valid from ${notBefore} only`)]
        : []),
      ...(uncovered.length > 0 ? [state('CertificatesResolved', 'True', 'HostnameNotCovered', whose)] : []),
    ];
  });
}

export function certificateProblems(facts: Facts): OperatorError[] {
  return facts.desired.certificates.flatMap(({ secretName }) => {
    const secret = facts.secrets.get(secretName);
    if (secret === undefined) return [];
    if (!secret.known) return secret.error;
    return isCompromised(secret.value, facts) ? compromised(secretName) : [];
  });
}
