/** Makes a scenario that fails smaller while it still fails in the same way. */
import type { Scenario, Setup, TimedEvent } from './scenario.ts';
import { tryScenario } from './try.ts';

const MAX_TRIES = 3000;

export function shrink(scenario: Scenario): Scenario {
  const kind = tryScenario(scenario).violation?.kind;
  let [best, tries] = [scenario, 0];
  const isStillWrong = (candidate: Scenario): boolean =>
    ++tries <= MAX_TRIES && tryScenario(candidate).violation?.kind === kind;
  for (let found: Scenario | undefined = best; found !== undefined && tries <= MAX_TRIES;) {
    best = found;
    found = simpler(best).find(isStillWrong);
  }
  return best;
}

/** Each with one thing less, the most telling first. */
function simpler(scenario: Scenario): Scenario[] {
  const { setup, events, restsAt } = scenario;
  const without = events.map((_, index) => ({ ...scenario, events: less(events, index) }));
  const setups = simplerSetups(setup).map((other) => ({ ...scenario, setup: other }));
  const earlier = events.flatMap((event, index) =>
    simplerEvents(event).map((other) => ({
      ...scenario,
      events: events.map((one, place) => (place === index ? other : one)),
      restsAt: Math.max(restsAt, other.at),
    })),
  );
  const last = Math.max(0, ...events.map(({ at }) => at));
  const sooner = [last, restsAt - 300].filter((at) => at >= last && at < restsAt);
  return [...without, ...sooner.map((at) => ({ ...scenario, restsAt: at })), ...setups, ...earlier];
}

function simplerSetups(setup: Setup): Setup[] {
  const { mailServers, certificates, servers } = setup;
  const simplest: Partial<Setup> = {
    latency: 0,
    leafAlone: false,
    adoption: 'Keep',
    probe: 'Enabled',
    blocked: false,
    records: ['3 1 1', '2 1 1'],
    waitTTLs: 2,
    ttl: 300,
    maxTTL: 86_400,
    answersAfter: 2,
    retireAfter: 1800,
    signatureValidity: 14 * 86_400,
    deadlineBeforeExpiry: 3 * 86_400,
    onDeadline: 'Release',
  };
  const fields = Object.entries(simplest)
    .filter(([key, value]) => JSON.stringify(setup[key as keyof Setup]) !== JSON.stringify(value))
    .map(([key, value]): Setup => ({ ...setup, [key]: value }));
  const withHosts = (
    change: (host: Setup['mailServers'][number]['hosts'][number]) => Setup['mailServers'][number]['hosts'][number],
  ): Setup => ({
    ...setup,
    mailServers: mailServers.map(({ hosts }) => ({ hosts: hosts.map(change) })),
  });
  const candidates: Setup[] = [
    ...mailServers.map((_, index) => ({ ...setup, mailServers: less(mailServers, index) })),
    ...certificates.map((_, index) => ({ ...setup, certificates: less(certificates, index) })),
    ...servers.map((_, index) => ({ ...setup, servers: less(servers, index) })),
    { ...setup, mailServers: mailServers.map(({ hosts }) => ({ hosts: hosts.slice(0, 1) })) },
    withHosts(({ addresses }) => ({ addresses: addresses.slice(0, 1) })),
    withHosts(({ addresses }) => ({ addresses: addresses.map(({ pods }) => ({ pods: pods.slice(0, 1) })) })),
    withHosts(({ addresses }) => ({
      addresses: addresses.map(({ pods }) => ({ pods: pods.map(() => ({ reloadsAfter: 0 })) })),
    })),
    { ...setup, servers: servers.map(({ nodes }) => ({ nodes })) },
    { ...setup, servers: servers.map((server) => ({ ...server, nodes: server.nodes.slice(0, 1) })) },
    { ...setup, servers: servers.map((server) => ({ ...server, nodes: server.nodes.map(() => ({ lag: 0 })) })) },
    { ...setup, certificates: certificates.map((certificate) => ({ ...certificate, ca: 'A' as const })) },
    { ...setup, certificates: certificates.map((certificate) => ({ ...certificate, lifetime: 90 * 86_400 })) },
    { ...setup, certificates: certificates.map((certificate) => ({ ...certificate, keepsKey: false })) },
    ...fields,
  ];
  const text = JSON.stringify(setup);
  return candidates.filter(
    (one) =>
      one.mailServers.length > 0 &&
      one.certificates.length > 0 &&
      one.mailServers.every((_, index) => one.servers.some(({ serves = index }) => serves === index)) &&
      JSON.stringify(one) !== text,
  );
}

function simplerEvents(event: TimedEvent): TimedEvent[] {
  const rounded = [600, 60, 10]
    .map((step) => ({ ...event, at: Math.round(event.at / step) * step }))
    .filter(({ at }) => at !== event.at);
  if (event.kind !== 'Renew') return rounded.slice(0, 2);
  const plain = { ...event, ca: 'A' as const, lifetime: 90 * 86_400, validIn: 0 };
  return [...(JSON.stringify(plain) === JSON.stringify(event) ? [] : [plain]), ...rounded.slice(0, 2)];
}

function less<T>(values: readonly T[], index: number): T[] {
  return values.filter((_, other) => other !== index);
}
