/** Errors among the facts. */
import type { OperatorError } from './errors.ts';
import type { Facts } from './facts.ts';

export function problemsOf(
  facts: readonly ({ readonly known: true } | { readonly known: false; readonly error: OperatorError })[],
): OperatorError[] {
  return facts.flatMap((fact) => (fact.known ? [] : fact.error));
}

/** Why what the primary holds is not known. */
export function unreadable(facts: Facts): OperatorError[] {
  return problemsOf(facts.owners.filter((owner) => owner.desired).map((owner) => owner.current));
}
