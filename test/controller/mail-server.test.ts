/** The life of a MailServer, from its creation to its deletion: the built operator, a real API server, BIND and Unbound. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { keyStatement, startBind } from '../support/bind.ts';
import { zoneFile } from '../support/dnssec-chain.ts';
import { eventually, mustRun } from '../support/process.ts';
import { startSite, type Site } from '../support/site.ts';
import { createTenant, dnsProvider, issue, recordsOf, type Tenant } from './tenant.ts';

let site: Site;
let operator: Awaited<ReturnType<Site['startOperator']>>;
beforeAll(async () => {
  site = await startSite();
  operator = await site.startOperator();
});
afterAll(() => site.stop());

const FOREIGN = `3 1 1 ${'ab'.repeat(32)}`;
/** Of a second primary. */
const CHILD = '10.53.0.15';
const owner = (hostname: string): string => `_25._tcp.${hostname}`;

/** A tenant whose MailServer `mx` is published. */
async function published(name: string, spec: object = {}) {
  const tenant = await createTenant(site, name);
  const certificate = await tenant.renew();
  await tenant.mailServer({ ...spec });
  await tenant.until('Ready=True');
  return { tenant, certificate };
}

/** Deletes it and waits until it is gone, which the finalizer allows when the records are. */
const remove = (tenant: Tenant, name = 'mx'): Promise<string> =>
  tenant.kubectl('delete', `mailserver/${name}`, '--timeout=240s');

test('a renewed certificate: its record comes beside the former one', async () => {
  const { tenant, certificate: former } = await published('renewed');
  const certificate = await tenant.renew();
  await tenant.untilPublished(await recordsOf(former, certificate));
  await eventually('the former one is on its way out', async () => {
    const { rollover } = (await tenant.get()).status;
    return rollover?.step === 'Retiring' && rollover.until !== undefined;
  });
  await tenant.until('Ready=True');
});

test('create: the records that OpenSSL computes, and what kubectl shows of it', async () => {
  const { tenant, certificate } = await published('created');
  expect(await tenant.published()).toEqual(await recordsOf(certificate));
  expect(await tenant.kubectl('get', 'mailservers', '--output=wide')).toMatch(
    /^NAME +READY +REASON +DNSSEC +SERVING +ROLLOVER +UNTIL +HOSTNAMES +TTL +PROVIDER +AGE\nmx +True +Published +True +Unknown +Idle +\["created\.example\.nl"\] +60 +bind +\S+\n$/,
  );
  expect(await tenant.kubectl('get', 'dnsproviders')).toMatch(/^NAME +READY +REASON +AGE\nbind +True +Ready +\S+\n$/);
  const events = await tenant.kubectl('events', '--for=mailserver/mx');
  for (const reason of ['CertificateFound', 'Published', 'Ready']) expect(events).toContain(reason);
});

test('delete: the records go, then the object', async () => {
  const { tenant } = await published('deleted');
  expect((await tenant.get()).metadata.finalizers).toEqual(['tlsa-operator.io/withdraw']);
  const begun = Date.now();
  await remove(tenant);
  expect(await tenant.published()).toEqual([]);
  const events = await tenant.kubectl('events', '--for=mailserver/mx');
  const [said, until = ''] = /keep serving the certificate until (\S+),/.exec(events) ?? [];
  // Two TTLs and a minute.
  expect(Date.parse(until)).toBeGreaterThan(begun + 179_000);
  expect(operator.program.log()).toContain(said);
});

test('delete with deletion: Retain: the records stay, and an event says so', async () => {
  const { tenant, certificate } = await published('retained', { deletion: 'Retain' });
  await remove(tenant);
  expect(await tenant.published()).toEqual(await recordsOf(certificate));
  expect(await tenant.kubectl('events', '--for=mailserver/mx')).toContain('RecordsLeft');
});

describe('a record that is not ours', () => {
  async function besideForeign(name: string) {
    const tenant = await createTenant(site, name);
    await site.chain.nsupdate(`add ${owner(tenant.hostname)} 60 TLSA ${FOREIGN}`);
    const certificate = await tenant.renew();
    await tenant.mailServer();
    await tenant.until('Ready=True');
    expect(await tenant.published()).toEqual([...(await recordsOf(certificate)), FOREIGN].sort());
    return { tenant, certificate };
  }

  test('is kept, and survives the deletion', async () => {
    const { tenant } = await besideForeign('foreign');
    await remove(tenant);
    expect(await tenant.published()).toEqual([FOREIGN]);
  });

  test('adopted, it stays for retireAfter, and status says since when nobody needed it', async () => {
    const { tenant, certificate } = await besideForeign('adopted');
    await tenant.patch({ adoption: 'Adopt' });
    await tenant.until('RolloverInProgress=True Retiring');
    expect(await tenant.published()).toEqual([...(await recordsOf(certificate)), FOREIGN].sort());
    const { recordSets } = (await tenant.get()).status;
    expect(recordSets?.[0]?.records).toContainEqual({
      data: FOREIGN.toLowerCase(),
      role: 'Foreign',
      notNeededSince: expect.stringMatching(/Z$/),
    });
  });
});

test('a record removed by hand comes back', async () => {
  const { tenant, certificate } = await published('tampered');
  const records = await recordsOf(certificate);
  await site.chain.nsupdate(`delete ${owner(tenant.hostname)} TLSA ${String(records[1])}`);
  expect(await tenant.published()).toEqual(records.slice(0, 1));
  await tenant.pass();
  await tenant.untilPublished(records);
});

test('publish: false withdraws, true publishes again', async () => {
  const { tenant, certificate } = await published('toggled');
  await tenant.patch({ publish: false });
  await tenant.until('RecordsPublished=True Withdrawn');
  expect(await tenant.published()).toEqual([]);
  await tenant.patch({ publish: true });
  await tenant.until('RecordsPublished=True Published');
  expect(await tenant.published()).toEqual(await recordsOf(certificate));
});

test('suspend changes nothing and says what would be done', async () => {
  const { tenant, certificate } = await published('suspended');
  await tenant.patch({ suspend: true });
  const next = await tenant.renew();
  const { message } = await tenant.until('RecordsPublished=False Suspended');
  expect(message).toContain(owner(tenant.hostname));
  await tenant.pass();
  expect(await tenant.published()).toEqual(await recordsOf(certificate));
  await tenant.patch({ suspend: false });
  await tenant.untilPublished(await recordsOf(certificate, next));
});

test('a hostname that the spec no longer names loses its records, the other keeps them', async () => {
  const tenant = await createTenant(site, 'two-hosts');
  const hostnames = ['a', 'b'].map((label) => `${label}.${tenant.hostname}`);
  const [kept = '', dropped = ''] = hostnames;
  const certificate = await issue(...hostnames);
  await tenant.store(certificate);
  await tenant.mailServer({ hostnames });
  await tenant.until('Ready=True');
  const records = await recordsOf(certificate);
  expect([await tenant.published(kept), await tenant.published(dropped)]).toEqual([records, records]);
  await tenant.patch({ hostnames: [kept] });
  await tenant.untilPublished([], dropped);
  await tenant.until('Ready=True');
  expect(await tenant.published(kept)).toEqual(records);
});

test('another ttlSeconds is written to the records that stand', async () => {
  const { tenant, certificate } = await published('ttl');
  const ttls = async (): Promise<string[]> => {
    const answer = await site.chain.dig('+noall', '+answer', '+norec', owner(tenant.hostname), 'TLSA');
    return [...new Set([...answer.matchAll(/\s(\d+)\s+IN\s+TLSA/g)].map(([, ttl = '']) => ttl))];
  };
  expect(await ttls()).toEqual(['60']);
  await tenant.patch({ ttlSeconds: 120 });
  await eventually('the TTL is 120', async () => (await ttls()).join() === '120');
  await tenant.until('Ready=True');
  expect(await tenant.published()).toEqual(await recordsOf(certificate));
});

test('two MailServers of one owner: the older has it; when it is deleted, the other takes over with the history', async () => {
  const tenant = await createTenant(site, 'rivals');
  const [first, second] = [await issue(tenant.hostname), await issue(tenant.hostname)];
  await tenant.store(second, 'second');
  // The older one cannot publish yet, and its name sorts last: only its age speaks for it.
  await tenant.mailServer({ certificates: [{ secretName: 'first' }] }, 'z-older');
  const { creationTimestamp } = (await tenant.get('mailserver/z-older')).metadata;
  await eventually('the next second', () => Date.now() >= Date.parse(creationTimestamp) + 1_000);
  await tenant.mailServer({ certificates: [{ secretName: 'second' }] }, 'a-younger');
  const { message } = await tenant.until('Ready=False OwnerConflict', 'mailserver/a-younger');
  expect(message).toContain('rivals/z-older');
  expect(await tenant.published()).toEqual([]);

  await tenant.store(first, 'first');
  await tenant.until('Ready=True', 'mailserver/z-older');
  expect(await tenant.published()).toEqual(await recordsOf(first));
  await remove(tenant, 'z-older');
  await tenant.until('Ready=True', 'mailserver/a-younger');
  // Pods may still present what the other one had.
  expect(await tenant.published()).toEqual(await recordsOf(first, second));
  const { certificates = [] } = (await tenant.get('mailserver/a-younger')).status;
  expect(certificates.flatMap(({ chains }) => chains.map(({ state }) => state)).sort()).toEqual(['Former', 'Serving']);
});

/** Every change of the records, as the name server's log has it. */
const changesAt = (tenant: Tenant): number =>
  site.chain.primary.program
    .log()
    .split('\n')
    .filter((line) => line.includes('updating zone') && line.includes(`_25._tcp.${tenant.hostname}`)).length;

test('a MailServer that gets another name (made anew, then the old one deleted): nothing is written, nothing forgotten', async () => {
  const { tenant, certificate } = await published('renamed');
  const [before] = (await tenant.get()).status.recordSets ?? [];
  const changes = changesAt(tenant);
  expect(changes).toBeGreaterThan(0);
  await tenant.mailServer({}, 'mail');
  await tenant.until('Ready=False OwnerConflict', 'mailserver/mail');
  await remove(tenant);
  await tenant.until('Ready=True', 'mailserver/mail');
  const { metadata, status } = await tenant.get('mailserver/mail');
  expect(status.recordSets?.map(({ versions, handedTo }) => [versions, handedTo])).toEqual([
    [before?.versions, undefined],
  ]);
  expect(metadata.finalizers).toEqual(['tlsa-operator.io/withdraw']);
  expect(await tenant.published()).toEqual(await recordsOf(certificate));
  expect(changesAt(tenant)).toBe(changes);
  const events = await tenant.kubectl('events', '--for=mailserver/mx');
  expect(events).toMatch(/OwnerHandover.*renamed\/mail/);
  expect(events).not.toMatch(/Withdrawn|RecordsLeft|Warning/);
});

test('a hostname that goes from one MailServer to another in one commit keeps its records and their history', async () => {
  const tenant = await createTenant(site, 'regrouped');
  const hostnames = ['a', 'b'].map((label) => `${label}.${tenant.hostname}`);
  const [stays = '', goes = ''] = hostnames;
  const certificate = await issue(...hostnames);
  await tenant.store(certificate);
  await tenant.mailServer({ hostnames });
  await tenant.until('Ready=True');
  const before = (await tenant.get()).status.recordSets?.find((recordSet) => recordSet.owner === owner(goes));
  await tenant.mailServer({ hostnames: [goes] }, 'mx2');
  await tenant.until('Ready=False OwnerConflict', 'mailserver/mx2');
  await tenant.patch({ hostnames: [stays] });
  await tenant.until('Ready=True', 'mailserver/mx2');
  await eventually('the former one has forgotten it', async () =>
    (await tenant.get()).status.recordSets?.every((recordSet) => recordSet.owner === owner(stays)),
  );
  await tenant.until('Ready=True');
  const [after] = (await tenant.get('mailserver/mx2')).status.recordSets ?? [];
  expect([after?.owner, after?.versions]).toEqual([owner(goes), before?.versions]);
  expect(await tenant.published(goes)).toEqual(await recordsOf(certificate));
  expect((await tenant.get()).status.safeToStopAt).toBeUndefined();
});

test('a host that becomes a zone of its own: its records are in that zone, and gone from the one that it hides', async () => {
  const insecure = { verification: { probe: 'Disabled', dnssec: 'Ignore' } };
  const { tenant, certificate } = await published('delegated', insecure);
  const { hostname } = tenant;
  const { chain } = site;
  const child = await startBind({
    dir: join(site.dir, 'child'),
    address: CHILD,
    statements: [
      keyStatement(chain.tsigKey),
      `zone "${hostname}" { type primary; file "child.zone"; allow-update { key "${chain.tsigKey.name}"; }; };`,
    ],
    files: {
      'child.zone': zoneFile(hostname, [
        { name: hostname, type: 'NS', data: `ns.${hostname}` },
        { name: `ns.${hostname}`, type: 'A', data: CHILD },
      ]),
    },
  });
  const inChild = (): Promise<string> => mustRun('dig', [`@${CHILD}`, '+short', '+norec', owner(hostname), 'TLSA']);
  try {
    await chain.nsupdate(`add ${hostname} 60 NS ns.${hostname}`, `add ns.${hostname} 60 A ${CHILD}`);
    const provider = { ...dnsProvider(site, CHILD), metadata: { name: 'child' } };
    await tenant.apply(provider);
    await tenant.patch({ providerRef: { name: 'child' } });
    await eventually('both zones are in status, the old one without records of ours', async () => {
      const { recordSets = [] } = (await tenant.get()).status;
      const found = recordSets.map(({ zone, records, intent }) => [zone, records.length, intent === undefined]);
      return (
        JSON.stringify(found.sort()) ===
        JSON.stringify(
          [
            [hostname, 2, true],
            ['example.nl', 0, true],
          ].sort(),
        )
      );
    });
    await tenant.until('Ready=True');
    expect((await inChild()).trim().split('\n')).toHaveLength(2);
    // Another one that gets the host gets what senders may hold of both.
    await tenant.mailServer({ ...insecure, providerRef: { name: 'child' } }, 'mail');
    await tenant.until('Ready=False OwnerConflict', 'mailserver/mail');
    await remove(tenant);
    await tenant.until('Ready=True', 'mailserver/mail');
    const { recordSets = [] } = (await tenant.get('mailserver/mail')).status;
    const held = recordSets.filter(({ zone }) => zone === 'example.nl').flatMap(({ versions }) => versions);
    expect(held.map(({ records }) => records)).toContainEqual(await recordsOf(certificate));
    // The cut is taken away again, so that one can see what it hid.
    await chain.nsupdate('zone example.nl', `delete ${hostname} NS`, `delete ns.${hostname} A`);
    expect(await tenant.published()).toEqual([]);

    await tenant.patch({ providerRef: { name: 'bind' } }, 'mailserver/mail');
    await tenant.untilPublished(await recordsOf(certificate));
    await eventually('it is withdrawn from the zone that is hidden by nothing', async () => (await inChild()) === '');
    await tenant.until('Ready=True', 'mailserver/mail');
    await remove(tenant, 'mail');
    expect(await tenant.published()).toEqual([]);
  } finally {
    await child.program.stop();
  }
});

test('while nothing happens, no status is written, however often it is looked at', async () => {
  await site.kubectl('delete', 'mailservers', '--all', '--all-namespaces');
  const { tenant } = await published('quiet');
  await eventually('every name server has moved on', async () =>
    (await tenant.get()).status.recordSets?.every(({ versions }) =>
      versions.slice(0, -1).every(({ supersededAt }) => supersededAt !== undefined),
    ),
  );
  /** As the API server counts them. */
  const writes = async (): Promise<number> => {
    const metrics = await site.kubectl('get', '--raw', '/metrics');
    const counts = metrics.split('\n').filter((line) => /^apiserver_request_total.*subresource="status"/.test(line));
    return counts
      .filter((line) => /resource="(mailservers|dnsproviders)"/.test(line))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };
  const passes = async (): Promise<number> => {
    const { body } = await operator.get('/metrics');
    const counts = body.matchAll(/^controller_runtime_reconcile_total\{controller="mailserver".*\} (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  };
  await tenant.pass();
  const { resourceVersion } = (await tenant.get()).metadata;
  const before = await writes();
  expect(before).toBeGreaterThan(0);
  for (let n = 0; n < 3; n++) {
    const passed = await passes();
    await site.kubectl('label', 'namespace', 'quiet', '--overwrite', `look=${n}`);
    await eventually('it was looked at', async () => (await passes()) > passed);
  }
  expect(await writes()).toBe(before);
  expect((await tenant.get()).metadata.resourceVersion).toBe(resourceVersion);
});

test('RBAC refused nothing of all this', async () => {
  const { body } = await operator.get('/metrics');
  expect(body).toMatch(/rest_client_requests_total\{code="200",method="PUT"/);
  expect(body).not.toMatch(/rest_client_requests_total\{code="40[13]"/);
});

test('delete the namespace, in which provider and credential may go first: the records go', async () => {
  const { tenant } = await published('whole-namespace');
  await site.kubectl('delete', 'namespace', tenant.namespace, '--timeout=240s');
  expect(await tenant.published()).toEqual([]);
});
