/**
 * Every word that stands as a condition reason, an event reason, an error code, or a result in a metric: what it means and what to do.
 * This is the one place: a word that is not here does not compile, and docs/troubleshooting.md is made from it (`make generate`).
 */
import { CERTIFICATES } from './reasons/certificates.ts';
import { DNSSEC } from './reasons/dnssec.ts';
import { EVENTS } from './reasons/events.ts';
import { GATE } from './reasons/gate.ts';
import { NAME_SERVERS } from './reasons/name-servers.ts';
import { PROBES } from './reasons/probes.ts';
import { PROGRAM } from './reasons/program.ts';
import { PROVIDER } from './reasons/provider.ts';
import { RESOLVER } from './reasons/resolver.ts';
import { ROLLOVER } from './reasons/rollover.ts';
import { SPEC } from './reasons/spec.ts';
import { STATES } from './reasons/states.ts';

/** In the order of the page. A code stands in one topic only. */
export const TOPICS = {
  SPEC,
  CERTIFICATES,
  PROVIDER,
  DNSSEC,
  PROBES,
  RESOLVER,
  NAME_SERVERS,
  STATES,
  ROLLOVER,
  GATE,
  EVENTS,
  PROGRAM,
} as const;

type Topic = (typeof TOPICS)[keyof typeof TOPICS];
type KeysOf<T> = T extends unknown ? keyof T : never;
type KeysOfKind<T, Kind> = T extends unknown
  ? { [Code in keyof T]: T[Code] extends { kind: Kind } ? Code : never }[keyof T]
  : never;

/** A stable CamelCase word. */
export type Code = KeysOf<Topic>;
export type StalledCode = KeysOfKind<Topic, 'Stalled' | 'Both'>;
export type TransientCode = KeysOfKind<Topic, 'Transient' | 'Both'>;
