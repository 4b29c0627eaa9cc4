/** No way from this machine, or a way that ends somewhere: the first hands nothing out to anybody here, the second may to others. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { askServer, type ServerReply } from '../../src/dns/ask-server.ts';
import { EDNS } from '../../src/dns/edns.ts';
import { exchange } from '../../src/dns/exchange.ts';
import { encodeMessage } from '../../src/dns/message.ts';
import { query } from '../../src/dns/query.ts';
import { mustRun } from '../support/process.ts';

const BEHIND = '10.54.1.1';
/** Forwards, and says for that network that it is forbidden (ICMP code 13), as firewalls do. */
const ROUTER = [
  'ip address add 10.54.0.2/30 dev way1',
  'ip link set way1 up',
  'ip route add prohibit 10.54.1.0/24',
  'sysctl -qw net.ipv4.ip_forward=1',
].join(' && ');

/** It lives as long as somebody is in its network namespace: until its input ends. */
const inside = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
beforeAll(async () => {
  await once(inside.stdout, 'data');
  const pid = String(inside.pid);
  await mustRun('ip', ['link', 'add', 'way0', 'type', 'veth', 'peer', 'name', 'way1', 'netns', pid]);
  await mustRun('ip', ['address', 'add', '10.54.0.1/30', 'dev', 'way0']);
  await mustRun('ip', ['link', 'set', 'way0', 'up']);
  await mustRun('nsenter', ['--target', pid, '--net', 'sh', '-c', ROUTER]);
  await mustRun('ip', ['route', 'add', '10.54.1.0/24', 'via', '10.54.0.2']);
});
afterAll(async () => {
  inside.stdin.end();
  await once(inside, 'exit');
});

const asked = (address: string): Promise<ServerReply> => askServer(address, 'example.nl', 'SOA');

test('this machine has no way there', async () => {
  expect(await asked('192.0.2.1')).toEqual({ kind: 'NoRoute' });
});

test('what a router says of a question that was sent is no reason to leave a server out', async () => {
  // Not by a time-out, that is.
  const message = query('example.nl', 'SOA', [], EDNS);
  const request = { message, octets: encodeMessage(message) };
  await expect(exchange({ host: BEHIND, port: 53 }, request, { timeoutMs: 10_000 })).rejects.toMatchObject({
    failure: 'Unreachable',
    sent: true,
  });
  expect(await asked(BEHIND)).toEqual({ kind: 'Silent' });
});
