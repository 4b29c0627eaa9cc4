/** Which of an address's answers are kept while an owner is watched: there may be thousands of owners. */
import type { ServerAnswer } from '../core/facts.ts';
import { isSerialAtLeast } from '../core/serial.ts';
import { sameSet } from '../core/tlsa.ts';

/** So many of the newest are kept as they came. */
const RECENT = 6;
const MAX_ANSWERS = 64;

/**
 * What is older than the newest few is thinned out: of three equal ones in a row the middle one goes. If that is not enough the oldest go,
 * but never the one with the lowest serial: it shows what the server had not reached yet.
 */
export function appended(before: readonly ServerAnswer[], next: ServerAnswer): readonly ServerAnswer[] {
  const last = before.at(-1);
  // `concat` makes no room for more.
  const answers = before.concat(last === undefined ? next : sharing(next, last));
  const middle = answers.length - RECENT - 1;
  const [older, old, newer] = [answers[middle - 1], answers[middle], answers[middle + 1]];
  if (older && old && newer && isEqual(older, old) && isEqual(old, newer)) answers.splice(middle, 1);
  if (answers.length > MAX_ANSWERS) answers.splice(answers[0] === lowest(answers) ? 1 : 0, 1);
  return answers;
}

/** What both say is held once. */
function sharing(next: ServerAnswer, last: ServerAnswer): ServerAnswer {
  const { records, signatureExpiresAt } = last;
  return {
    ...next,
    ...(sameSet(records, next.records) ? { records } : {}),
    ...(signatureExpiresAt?.getTime() === next.signatureExpiresAt?.getTime() ? { signatureExpiresAt } : {}),
  };
}

function isEqual(a: ServerAnswer, b: ServerAnswer): boolean {
  return (
    a.serial === b.serial &&
    a.ttlSeconds === b.ttlSeconds &&
    a.signatureValiditySeconds === b.signatureValiditySeconds &&
    sameSet(a.records, b.records)
  );
}

function lowest(answers: readonly ServerAnswer[]): ServerAnswer | undefined {
  return answers.reduce<ServerAnswer | undefined>((low, answer) => {
    if (answer.serial === undefined) return low;
    return low?.serial === undefined || !isSerialAtLeast(answer.serial, low.serial) ? answer : low;
  }, undefined);
}
