import type { Reasons } from './reason.ts';

export const PROGRAM = {
  APIServerUnavailable: {
    kind: 'Transient',
    meaning: 'The API server did not answer, is overloaded, or failed.',
    remedy: 'If it lasts: is it up, may the pod reach it?',
  },
  APIServerUnauthorized: {
    kind: 'Transient',
    meaning: 'The API server does not accept our credentials.',
    remedy: 'Check the kubeconfig or the ServiceAccount.',
  },
  APIServerForbidden: {
    kind: 'Transient',
    meaning: 'The API server does not allow it.',
    remedy: 'Apply the RBAC rules of this version.',
  },
  APIServerNotFound: { kind: 'Transient', meaning: 'There is no such object or kind.', remedy: 'Apply the CRDs.' },
  APIServerRefused: {
    kind: 'Transient',
    meaning: 'The API server does not accept the object.',
    remedy: 'Apply the CRDs of this version.',
  },
  StatusTooLarge: {
    kind: 'Stalled',
    meaning:
      'What must be remembered of the records is more than status can hold: very many or very large records of others stand beside ours. Nothing is changed, in the DNS neither.',
    remedy:
      'Remove the records of others at the owner that the message names, or spread the hosts over several MailServers. [Scale](scale.md#how-large-a-status-gets).',
  },
  APIServerConflict: {
    kind: 'Transient',
    meaning: 'Somebody changed the object meanwhile. It is read again.',
    remedy: '',
  },
  APIServerGone: { kind: 'Transient', meaning: 'A watch is too old. It is listed again.', remedy: '' },
  KubeconfigInvalid: { kind: 'Stalled', meaning: 'The kubeconfig cannot be used.', remedy: 'The message says why.' },
  InvalidUsage: {
    kind: 'Stalled',
    meaning: 'The command line cannot be understood.',
    remedy: 'The message says what to write; [the command line](cli.md).',
  },
  InvalidHostname: { kind: 'Stalled', meaning: 'This is not a host name.', remedy: 'The message says what to write.' },
  InvalidDuration: { kind: 'Stalled', meaning: 'This is not a duration.', remedy: 'Write it as in `1h30m`.' },
  InvalidCIDR: {
    kind: 'Stalled',
    meaning: 'This is not a range of addresses.',
    remedy: 'Write it as in `10.0.0.0/8`.',
  },
  InvalidAddress: {
    kind: 'Stalled',
    meaning: 'This is not an address to listen at.',
    remedy: 'Write it as in `:8080`.',
  },
  AddressUnavailable: {
    kind: 'Stalled',
    meaning: 'Cannot listen at `--metrics-address` or `--health-address`: in use, or not of this host.',
    remedy: 'Give another one.',
  },
  FileNotFound: { kind: 'Stalled', meaning: 'There is no such file.', remedy: 'Correct the path.' },
  FileUnreadable: { kind: 'Transient', meaning: 'The file cannot be read.', remedy: 'Check its permissions.' },
  NotLeading: {
    kind: 'Transient',
    meaning: 'The process was paused, or cannot reach the API server: it may not lead any more, and writes nothing.',
    remedy: '',
  },
  TimerTooLong: { kind: 'Stalled', meaning: 'A bug in the operator.', remedy: 'Please report it.' },
} as const satisfies Reasons;
