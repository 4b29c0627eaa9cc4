/** Errors among the facts, and how they are told together. */
import type { OperatorError } from './errors.ts';
import type { Facts } from './facts.ts';
import { several } from './several.ts';

export function problemsOf(
  facts: readonly ({ readonly known: true } | { readonly known: false; readonly error: OperatorError })[],
): OperatorError[] {
  return facts.flatMap((fact) => (fact.known ? [] : fact.error));
}

/** Why what the primary holds is not known. */
export function unreadable(facts: Facts): OperatorError[] {
  return problemsOf(facts.owners.filter((owner) => owner.desired).map((owner) => owner.current));
}

export function sentences(problems: readonly OperatorError[]): string {
  return several(
    problems.map((problem) => problem.message),
    '; ',
  );
}
