/** Which zones a provider serves MailServers in, and who is told when that changes. */
import { expect, test } from '@jest/globals';
import type { MailServer } from '../../src/api/mail-server.ts';
import { createStores } from '../../src/controller/stores.ts';
import { ZonesInUse } from '../../src/controller/zones-in-use.ts';
import { createLogger } from '../../src/observe/log.ts';

const BIND = 'DNSProvider/mail/bind';

function scene() {
  const { mailServers } = createStores(createLogger({ level: 'error', format: 'json' }));
  const told: string[] = [];
  const zones = new ZonesInUse(mailServers, (key) => told.push(key));
  let version = 0;
  const put = (name: string, ...inZones: string[]): MailServer => {
    version += 1;
    const mailServer = {
      metadata: { namespace: 'mail', name, uid: name, resourceVersion: String(version).padStart(5, '0') },
      spec: { hostnames: [], ports: [], certificates: [], providerRef: { kind: 'DNSProvider', name: 'bind' } },
      status: {
        recordSets: inZones.map((zone) => ({ owner: `_25._tcp.${name}.${zone}`, provider: 'DNSProvider/bind', zone })),
      },
    } as unknown as MailServer;
    mailServers.apply(mailServer);
    return mailServer;
  };
  return {
    zones,
    put,
    told,
    remove: (mailServer: MailServer) => {
      mailServers.remove(mailServer);
    },
  };
}

test('a zone is in use from its first record set to its last', () => {
  const { zones, put, remove } = scene();
  const first = put('mx1', 'example.nl', 'example.org');
  const second = put('mx2', 'example.nl');
  expect(zones.of(BIND)).toEqual(['example.nl', 'example.org']);
  remove(first);
  expect(zones.of(BIND)).toEqual(['example.nl']);
  remove(second);
  expect(zones.of(BIND)).toEqual([]);
});

test('the provider is told of a zone that comes or goes, not of each MailServer in it', () => {
  const { zones, put, told } = scene();
  put('mx1', 'example.nl');
  expect(told).toEqual([BIND]);
  put('mx2', 'example.nl');
  put('mx1', 'example.nl');
  expect(told).toEqual([BIND]);
  put('mx1', 'example.org');
  expect(zones.of(BIND)).toEqual(['example.nl', 'example.org']);
  expect(told).toEqual([BIND, BIND]);
  put('mx2');
  expect(told).toHaveLength(3);
  expect(zones.of(BIND)).toEqual(['example.org']);
});
