/** Faults in Gate: in what is done with a CertificateRequest. */
import * as byHand from './by-hand.ts';
import { CORE, W_OR_S, type Mutant } from './mutant.ts';

const GATE = 'src/controller/gate';

export const OF_GATE: readonly Mutant[] = [
  {
    name: 'completes a request before its MailServers say so',
    file: `${CORE}/issuance.ts`,
    find: "if (withholders.value.length > 0) return { kind: 'Wait', message: heldBy(withholders.value), until };",
    replace: '',
    kinds: W_OR_S,
    world: byHand.GATED,
    events: ['Renew'],
  },
  {
    name: 'what fails at the issuer fails at cert-manager: the next try has another key',
    file: `${CORE}/issuance.ts`,
    find: "if (attempt?.state.kind !== 'Denied' || current(facts) !== undefined) return undefined;",
    replace: "if (attempt?.state.kind !== 'Denied' && attempt?.state.kind !== 'Failed') return undefined;",
    kinds: ['KeyLost'],
    world: byHand.ISSUED_AGAIN_IN_VAIN,
    events: ['Renew', 'IssuerFails'],
  },
  {
    name: 'each MailServer decides for itself',
    file: `${GATE}/mail-servers.ts`,
    find: '.filter((user) => user.metadata.uid !== metadata.uid && withholds(user, secretName));',
    replace: '.filter(() => false);',
    kinds: W_OR_S,
    world: byHand.GATED_IN_TWO_ZONES,
    events: ['Renew', 'Lag'],
  },
  {
    name: 'asks the wrapped issuer at every pass',
    file: `${CORE}/issuance.ts`,
    find: 'return at !== undefined && facts.now >= at ? again(facts) : undefined;',
    replace: 'return at !== undefined ? again(facts) : undefined;',
    kinds: ['Storm'],
    world: byHand.GATED,
    events: ['Renew'],
  },
  {
    name: 'asks the wrapped issuer again by a clock that is wrong',
    file: `${CORE}/issuance.ts`,
    find: 'if (isClockRight(facts)) return undefined;',
    replace: 'if (facts.clockSkewMs !== Infinity) return undefined;',
    kinds: ['Storm'],
    world: byHand.GATED_BY_A_WRONG_CLOCK,
    events: ['Renew', 'ClockStep'],
  },
];
