/**
 * A double of Amazon Route 53 (and of the one call of STS): the real one cannot be had in tests. It is made from the documentation, from
 * what others report, and from the SDK's own list of types; nobody has held it against the real service. It is strict where the real one
 * is said to be: signatures, limits of a batch, DELETE with exact values, lists that begin at a name, PENDING, PriorRequestNotComplete,
 * throttling. What it does not do: aliases, routing policies other than to show them, quotas, pagination tokens, and DNS: a name server
 * that it tells about each change (`publish`) serves the zones.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { accessKeyOf, judgeSignature } from './aws-signature.ts';
import type { ZoneRecord } from './dnssec-chain.ts';
import { assumeRole, TOKEN, type Role } from './route53-sts.ts';
import { listSets, listZones, NAMESPACE, readBatch, Refusal, xml, zoneXml } from './route53-xml.ts';
import { changed, isRefusal, normalName, type HostedZone, type StoredSet } from './route53-zones.ts';

export interface Route53Key {
  readonly id: string;
  readonly secret: string;
  /** What IAM lets it do; default: everything. `name`: of the zone or, for a change, of the record set. */
  readonly may?: (action: string, name: string, type: string) => boolean;
}

export interface Route53Options {
  readonly address?: string;
  readonly keys: readonly Route53Key[];
  readonly zones: readonly {
    readonly id: string;
    readonly name: string;
    readonly isPrivate?: boolean;
    readonly signing?: 'SIGNING' | 'NOT_SIGNING' | 'ACTION_NEEDED';
    readonly records?: readonly ZoneRecord[];
  }[];
  /** Carries a change to the name servers: it is PENDING until that is done. */
  readonly publish?: (gone: readonly StoredSet[], come: readonly StoredSet[]) => Promise<void>;
  /** Requests beyond it are throttled. */
  readonly perSecond?: number;
  /** STS: who may assume it, and the key that stands for it then. */
  readonly role?: Role;
}

export interface Route53Double {
  readonly endpoint: string;
  /** What came, the good and the bad: `ChangeResourceRecordSets`, `GetChange`, with the error where there was one. */
  readonly requests: readonly { readonly action: string; readonly error?: string; readonly accessKey: string }[];
  /** Changes a record set as somebody else would, by the console; no values: it goes. */
  readonly edit: (zone: string, name: string, type: string, by: (before: StoredSet) => StoredSet) => Promise<void>;
  /** While it runs no change becomes INSYNC; the name servers have it all the same. */
  readonly holdPending: () => () => void;
  /** Nothing is PENDING any more. */
  readonly insync: () => Promise<void>;
  /** The next batch is carried out, and its answer never sent. */
  readonly loseNextAnswer: () => void;
  readonly stop: () => Promise<void>;
}

export async function startRoute53(options: Route53Options): Promise<Route53Double> {
  const { keys, role, publish = () => Promise.resolve() } = options;
  const zones: readonly HostedZone[] = options.zones.map(
    ({ id, name, isPrivate = false, signing = 'SIGNING', records = [] }) => ({
      id,
      name: `${name}.`,
      isPrivate,
      signing,
      sets: setsOf(records),
    }),
  );
  const requests: { action: string; error?: string; accessKey: string }[] = [];
  const busy = new Set<HostedZone>();
  const pending = new Map<string, Promise<void>>();
  const changes = new Set<string>();
  let released = Promise.resolve();
  let losing = false;
  let tokens = options.perSecond ?? 0;
  let refilledAt = performance.now();

  const isThrottled = (): boolean => {
    if (options.perSecond === undefined) return false;
    const now = performance.now();
    tokens = Math.min(options.perSecond, tokens + ((now - refilledAt) / 1000) * options.perSecond);
    refilledAt = now;
    if (tokens < 1) return true;
    tokens--;
    return false;
  };

  const zoneOf = (id: string): HostedZone => {
    const zone = zones.find((one) => one.id === id);
    if (zone === undefined) throw new Refusal('NoSuchHostedZone', 404);
    return zone;
  };

  /** Makes it so here and at the name servers. */
  const commit = (zone: HostedZone, sets: readonly StoredSet[]): Promise<void> => {
    const gone = zone.sets.filter((set) => !sets.includes(set));
    const come = sets.filter((set) => !zone.sets.includes(set));
    zone.sets = sets;
    return publish(gone, come);
  };

  const submit = (zone: HostedZone, body: string, key: Route53Key): string => {
    const requested = readBatch(body);
    for (const { set } of requested) {
      if (key.may?.('ChangeResourceRecordSets', set.name, set.type) === false) throw new Refusal('AccessDenied', 403);
    }
    if (busy.has(zone)) throw new Refusal('PriorRequestNotComplete');
    const sets = changed(zone, requested);
    if (isRefusal(sets)) throw new Refusal('InvalidChangeBatch');
    const id = `C${String(changes.size + 1).padStart(13, '0')}`;
    changes.add(id);
    busy.add(zone);
    const published = commit(zone, sets).finally(() => busy.delete(zone));
    pending.set(
      id,
      published.then(() => released).then(() => void pending.delete(id)),
    );
    // The answer comes while the zone is still being worked on, for a moment.
    return changeInfo(id);
  };

  const changeInfo = (id: string): string =>
    xml([
      [
        'ChangeInfo',
        xml([
          ['Id', `/change/${id}`],
          ['Status', pending.has(id) ? 'PENDING' : 'INSYNC'],
          ['SubmittedAt', '2026-11-22T00:00:00.000Z'],
        ]),
      ],
    ]);

  const route = async (
    method: string,
    url: URL,
    body: string,
    key: Route53Key,
  ): Promise<[action: string, answer: () => Promise<string> | string]> => {
    const [version, kind, id = '', part] = url.pathname.split('/').slice(1);
    const query = (name: string): string | null => url.searchParams.get(name);
    await Promise.resolve();
    switch (`${method} ${version ?? ''} ${kind ?? ''} ${part ?? ''}`.trim()) {
      case 'GET 2013-04-01 hostedzonesbyname':
        return ['ListHostedZonesByName', () => listZones(zones, query('dnsname'), Number(query('maxitems') ?? 100))];
      case 'GET 2013-04-01 hostedzone':
        return ['GetHostedZone', () => xml([['HostedZone', zoneXml(zoneOf(id))]])];
      case 'GET 2013-04-01 hostedzone dnssec':
        return [
          'GetDNSSEC',
          () =>
            xml([
              ['Status', xml([['ServeSignature', zoneOf(id).signing]])],
              ['KeySigningKeys', ''],
            ]),
        ];
      case 'GET 2013-04-01 hostedzone rrset':
        return [
          'ListResourceRecordSets',
          () =>
            listSets(zoneOf(id), { name: query('name'), type: query('type'), max: Number(query('maxitems') ?? 300) }),
        ];
      case 'POST 2013-04-01 hostedzone rrset':
        return ['ChangeResourceRecordSets', () => submit(zoneOf(id), body, key)];
      case 'GET 2013-04-01 change':
        return [
          'GetChange',
          () => {
            if (!changes.has(id)) throw new Refusal('NoSuchChange', 404);
            return changeInfo(id);
          },
        ];
      default:
        throw new Refusal('UnknownOperation', 404);
    }
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const accessKey = accessKeyOf(request) ?? '';
    const url = new URL(request.url ?? '', 'http://double');
    const isSts = request.method === 'POST' && url.pathname === '/';
    const all = role === undefined ? keys : [...keys, role.key];
    const key = all.find(({ id }) => id === accessKey);
    let action = isSts ? 'AssumeRole' : 'Unknown';
    const send = (status: number, text: string): void => {
      response.writeHead(status, { 'content-type': 'text/xml' }).end(`<?xml version="1.0"?>\n${text}`);
    };
    try {
      const [name, make] = isSts
        ? ([action, () => assumeRole(body.toString(), accessKey, role)] as const)
        : await route(request.method ?? '', url, body.toString(), key ?? NOBODY);
      action = name;
      const verdict = judgeSignature(
        request,
        body,
        isSts ? 'sts' : 'route53',
        (id) => all.find((one) => one.id === id)?.secret,
      );
      if (verdict !== undefined || key === undefined) throw new Refusal(verdict ?? 'InvalidClientTokenId', 403);
      if (key === role?.key && request.headers['x-amz-security-token'] !== TOKEN)
        throw new Refusal('InvalidClientTokenId', 403);
      if (isThrottled()) throw new Refusal('Throttling');
      if (!isSts && key.may?.(action, '', '') === false) throw new Refusal('AccessDenied', 403);
      const inside = await make();
      requests.push({ action, accessKey });
      if (losing && action === 'ChangeResourceRecordSets') {
        losing = false;
        request.socket.destroy();
        return;
      }
      send(200, isSts ? inside : `<${action}Response xmlns="${NAMESPACE}">${inside}</${action}Response>`);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      requests.push({ action, accessKey, error: error.message });
      const inside = xml([
        [
          'Error',
          xml([
            ['Type', 'Sender'],
            ['Code', error.message],
            ['Message', 'said by the double: never to be seen'],
          ]),
        ],
      ]);
      send(error.status, `<ErrorResponse xmlns="${NAMESPACE}">${inside}<RequestId>double</RequestId></ErrorResponse>`);
    }
  };

  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, options.address ?? '127.0.0.1');
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  return {
    endpoint: `http://${address}:${port}`,
    requests,
    edit: (zoneName, text, type, by) => {
      const zone = zones.find((one) => one.name === `${zoneName}.`);
      const name = normalName(text);
      if (zone === undefined || name === undefined) throw new Error(`no zone ${zoneName}, or no name ${text}`);
      const before = zone.sets.find((one) => one.name === name && one.type === type);
      const after = by(before ?? { name, type, ttl: 60, values: [] });
      const others = zone.sets.filter((one) => one !== before);
      return commit(zone, after.values.length === 0 ? others : [...others, after]);
    },
    holdPending: () => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      released = promise.then(() => undefined);
      return () => {
        resolve(undefined);
      };
    },
    insync: async () => {
      await Promise.all(pending.values());
    },
    loseNextAnswer: () => (losing = true),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const NOBODY: Route53Key = { id: '', secret: '' };

function setsOf(records: readonly ZoneRecord[]): readonly StoredSet[] {
  const sets = new Map<string, StoredSet>();
  for (const { name, type, data, ttl = 60 } of records) {
    const normal = normalName(name) ?? '';
    const before = sets.get(`${normal} ${type}`)?.values ?? [];
    sets.set(`${normal} ${type}`, { name: normal, type, ttl, values: [...before, data] });
  }
  return [...sets.values()];
}
