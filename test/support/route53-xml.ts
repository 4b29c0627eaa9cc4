/** The documents of the Route 53 double: what it answers, and the one that it is sent. */
import { normalName, orderOf, type HostedZone, type RequestedChange, type StoredSet } from './route53-zones.ts';

export const NAMESPACE = 'https://route53.amazonaws.com/doc/2013-04-01/';

export class Refusal extends Error {
  readonly status: number;
  constructor(code: string, status = 400) {
    super(code);
    this.status = status;
  }
}

export type Fields = readonly (readonly [name: string, content: string | number | boolean | undefined])[];
export const xml = (fields: Fields): string =>
  fields.map(([name, content]) => (content === undefined ? '' : `<${name}>${content}</${name}>`)).join('');

export function zoneXml({ id, name, isPrivate }: HostedZone): string {
  return xml([
    ['Id', `/hostedzone/${id}`],
    ['Name', name],
    ['CallerReference', id],
    ['Config', xml([['PrivateZone', isPrivate]])],
  ]);
}
/** Begins at a name, and goes on to whatever comes behind it. */
export function listZones(zones: readonly HostedZone[], from: string | null, max: number): string {
  const start = from === null ? '' : orderOf(nameOrRefusal(from));
  const all = zones
    .filter(({ name }) => orderOf(name) >= start)
    .toSorted((a, b) => (`${orderOf(a.name)} ${a.id}` < `${orderOf(b.name)} ${b.id}` ? -1 : 1));
  const next = all[max];
  return xml([
    ['HostedZones', xml(all.slice(0, max).map((zone) => ['HostedZone', zoneXml(zone)]))],
    ['IsTruncated', next !== undefined],
    ['NextDNSName', next?.name],
    ['NextHostedZoneId', next?.id],
    ['MaxItems', max],
  ]);
}
export function listSets(zone: HostedZone, from: { name: string | null; type: string | null; max: number }): string {
  const place = ({ name, type }: { name: string; type: string }): string => `${orderOf(name)} ${type}`;
  const start = from.name === null ? '' : place({ name: nameOrRefusal(from.name), type: from.type ?? '' });
  const all = zone.sets.filter((set) => place(set) >= start).toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
  const next = all[from.max];
  const one = ({ name, type, ttl, values, setIdentifier }: StoredSet): Fields[number] => [
    'ResourceRecordSet',
    xml([
      ['Name', name],
      ['Type', type],
      ['SetIdentifier', setIdentifier],
      ['TTL', ttl],
      [
        'ResourceRecords',
        xml(values.map((value) => ['ResourceRecord', xml([['Value', value.replaceAll('&', '&amp;')]])])),
      ],
    ]),
  ];
  return xml([
    ['ResourceRecordSets', xml(all.slice(0, from.max).map(one))],
    ['IsTruncated', next !== undefined],
    ['NextRecordName', next?.name],
    ['NextRecordType', next?.type],
    ['MaxItems', from.max],
  ]);
}
function nameOrRefusal(text: string): string {
  const name = normalName(text);
  if (name === undefined) throw new Refusal('InvalidInput');
  return name;
}
/** Exactly the document that the API describes: what is read is written out again, and must be what came. */
export function readBatch(body: string): readonly RequestedChange[] {
  const all = [...body.matchAll(/<Change>(.*?)<\/Change>/gs)].map(([, change = '']) => {
    const field = (name: string): string => new RegExp(`<${name}>([^<]*)</${name}>`).exec(change)?.[1] ?? '';
    const values = [...change.matchAll(/<Value>([^<]+)<\/Value>/g)].map(([, value = '']) => value);
    return {
      action: field('Action'),
      set: { name: field('Name'), type: field('Type'), ttl: Number(field('TTL')), values },
    };
  });
  const again = xml(
    all.map(({ action, set: { name, type, ttl, values } }) => [
      'Change',
      xml([
        ['Action', action],
        [
          'ResourceRecordSet',
          xml([
            ['Name', name],
            ['Type', type],
            ['TTL', ttl],
            ['ResourceRecords', xml(values.map((value) => ['ResourceRecord', xml([['Value', value]])]))],
          ]),
        ],
      ]),
    ]),
  );
  const whole = `<?xml version="1.0" encoding="UTF-8"?><ChangeResourceRecordSetsRequest xmlns="${NAMESPACE}"><ChangeBatch><Changes>${again}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`;
  const isKnown = all.every(({ action }) => ['CREATE', 'DELETE', 'UPSERT'].includes(action));
  if (whole !== body || !isKnown || all.length === 0) throw new Refusal('InvalidInput');
  return all.map(({ action, set }) => ({ action, set: { ...set, name: nameOrRefusal(set.name) } }));
}
