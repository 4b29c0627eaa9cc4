import type { Reasons } from './reason.ts';

export const RESOLVER = {
  ResolverTimeout: {
    kind: 'Transient',
    meaning: 'No answer within five seconds.',
    remedy: "Is the resolver's container running? May it reach port 53 of the Internet?",
  },
  ResolverUnreachable: {
    kind: 'Transient',
    meaning: 'The resolver cannot be reached.',
    remedy: 'The same. Check `--resolver`.',
  },
  ResolverServerFailure: {
    kind: 'Transient',
    meaning: 'The resolver found no answer (SERVFAIL), also without validation.',
    remedy: "The zone's servers, or the way to them, may be down.",
  },
  ResolverRefused: {
    kind: 'Stalled',
    meaning: 'The resolver refuses the operator.',
    remedy: 'Let it in (Unbound: `access-control`).',
  },
  ResolverNotRecursive: {
    kind: 'Stalled',
    meaning: 'It answers for its own zones only.',
    remedy: 'Name a validating resolver in `--resolver`.',
  },
  ResolverDoesNotValidate: {
    kind: 'Stalled',
    meaning:
      'It does not validate DNSSEC: its answer for the root is not secure, or it calls names secure that nobody signs. So nothing is known of any zone.',
    remedy:
      'Name a validating resolver in `--resolver`, or turn validation on. [How that is found out](operations.md#the-resolver-must-validate).',
  },
  ResolverAnswerMalformed: {
    kind: 'Transient',
    meaning: 'What came back is not a DNS answer.',
    remedy: 'Right host and port?',
  },
  ResolverAddressUnknown: {
    kind: 'Transient',
    meaning: 'The name in `--resolver` has no address.',
    remedy: 'Write the address.',
  },
  ResolverAddressRefused: {
    kind: 'Stalled',
    meaning: 'Its address is not allowed.',
    remedy: 'Write another one.',
  },
  ResolverNotConfigured: {
    kind: 'Stalled',
    meaning: 'No resolver is configured.',
    remedy: 'Set `--resolver`.',
  },
} as const satisfies Reasons;
