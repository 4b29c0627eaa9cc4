import { expect, test } from '@jest/globals';
import { mailServerStatus } from '../../src/api/mail-server-status.ts';
import { mailServerSpec, type MailServer } from '../../src/api/mail-server.ts';
import { nextStatus } from '../../src/controller/next-status.ts';
import { plan } from '../../src/core/plan.ts';
import { PromoteWorld } from '../support/promote-world.ts';

test('a reason that names many is cut where the schema ends; the condition has all of it', () => {
  const metadata = {
    name: 'mx1',
    namespace: 'mail',
    uid: 'uid',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-11-22T12:00:00Z',
  };
  const spec = mailServerSpec.parse({
    hostnames: ['mx1.example.nl'],
    certificates: [{ secretName: 'tls' }],
    providerRef: { name: 'bind' },
  });
  const mailServer: MailServer = {
    apiVersion: 'tlsa-operator.io/v1alpha1',
    kind: 'MailServer',
    metadata,
    spec,
    status: { observedGeneration: -1 },
  };
  const facts = new PromoteWorld().facts();
  const message = 'long '.repeat(400);
  const next = { secretName: 'tls', mode: 'Promote' as const, chains: [] };
  const gate = { stage: 'WaitingForServers', reason: 'WaitingForServers', message } as const;
  const status = nextStatus(mailServer, facts, { ...plan(facts), promotions: [{ next, gate }] });
  expect(mailServerStatus.safeParse(status).error).toBeUndefined();
  expect(status.rollover?.reason).toMatch(/^the new certificate of Secret tls: long .*…$/);
  expect(status.conditions?.find(({ type }) => type === 'RolloverInProgress')?.message).toContain(message);
});
