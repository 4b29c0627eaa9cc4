/** A scenario as a person reads it: how the world is set up, then what happened, line by line, then what is wrong. */
import type { Scenario, Setup } from './scenario.ts';
import { violationOf } from './try.ts';
import { World } from './world.ts';

export function tell(scenario: Scenario): string {
  const world = new World(scenario, { isTold: true });
  const violation = violationOf(world);
  const end = violation === undefined ? 'nothing is wrong' : violation.message;
  return [...setupTold(scenario.setup), '', ...(world.timeline ?? []), '', end].join('\n');
}

/** Times are in seconds. */
function setupTold({ mailServers, certificates, servers, ...rest }: Setup): string[] {
  const hosts = mailServers.flatMap(({ hosts: own }, index) => own.map((host) => ({ host, index })));
  return [
    ...hosts.map(({ host, index }, place) => {
      const addresses = host.addresses.map(({ pods }) => pods.map(({ reloadsAfter }) => reloadsAfter).join(', '));
      return `mail${index + 1} has mx${place + 1}: pods load after ${addresses.join(' s; behind its next address after ')} s`;
    }),
    ...certificates.map(
      ({ mode, algorithm, ca, lifetime }, index) =>
        `tls${index}: ${mode}, ${algorithm}, by ${ca}, valid for ${lifetime} s`,
    ),
    ...servers.map(({ nodes, serves }, index) => {
      const zones = serves === undefined ? '' : ` for the zone of mail${serves + 1}`;
      return `ns${index + 1}${zones}: lags for ${nodes.map(({ lag }) => lag).join(', ')} s`;
    }),
    Object.entries(rest)
      .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(' and ') : String(value)}`)
      .join(', '),
  ];
}
