/** PowerDNS as a test runs it: its own folder, zones in SQLite, in the foreground, signing by itself, stopped by its pid. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { started, type TsigKey } from './bind.ts';
import { zoneFile } from './dnssec-chain.ts';
import { mustRun, startProgram, type RunningProgram } from './process.ts';
import { servesAll, type ServedZone } from './served-zone.ts';

/** Where Debian has the schema. */
const SCHEMA = '/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql';

/** As `startKnot` does. */
export async function startPowerDns(options: {
  readonly dir: string;
  readonly address: string;
  readonly key: TsigKey;
  readonly zones: readonly ServedZone[];
  readonly allowedBelow: string;
  /** Runs the HTTP API, on port 8081. */
  readonly apiKey?: string;
}): Promise<RunningProgram> {
  const { dir, address, key, zones, allowedBelow, apiKey } = options;
  mkdirSync(dir, { recursive: true });
  const [database, policy] = [join(dir, 'zones.sqlite3'), join(dir, 'policy.lua')];
  const sqlite = new DatabaseSync(database);
  sqlite.exec(readFileSync(SCHEMA, 'utf8'));
  sqlite.close();
  writeFileSync(
    policy,
    `function updatepolicy(update)
  local below = newDN("${allowedBelow}." .. update:getZoneName():toString())
  return update:getQType() == pdns.TLSA and update:getQName():isPartOf(below)
end
`,
  );
  // The database is read before the server starts and changed through it alone, so no cache can be stale: they stay as they are.
  writeFileSync(
    join(dir, 'pdns.conf'),
    `launch=gsqlite3
gsqlite3-database=${database}
gsqlite3-dnssec=yes
gsqlite3-pragma-synchronous=0
local-address=${address}
socket-dir=${dir}
daemon=no
guardian=no
disable-syslog=yes
write-pid=no
security-poll-suffix=
dnsupdate=yes
allow-dnsupdate-from=${address}/16
lua-dnsupdate-policy-script=${policy}
${apiKey === undefined ? '' : `api=yes\napi-key=${apiKey}\nwebserver-address=${address}\nwebserver-allow-from=${address}/16\n`}`,
  );
  const pdnsutil = (...args: readonly string[]): Promise<string> =>
    mustRun('pdnsutil', [`--config-dir=${dir}`, ...args]);
  await pdnsutil('import-tsig-key', key.name, key.algorithm, key.secret);
  for (const { name, signed, records } of zones) {
    const file = join(dir, `${name}.zone`);
    writeFileSync(file, zoneFile(name, records));
    await pdnsutil('load-zone', name, file);
    await pdnsutil('set-meta', name, 'TSIG-ALLOW-DNSUPDATE', key.name);
    if (apiKey !== undefined) await pdnsutil('set-meta', name, 'SOA-EDIT-API', 'INCREASE');
    if (signed) await pdnsutil('secure-zone', name);
  }
  const program = startProgram({
    name: `pdns_server ${address}`,
    command: 'pdns_server',
    args: [`--config-dir=${dir}`],
    logFile: join(dir, 'pdns.log'),
  });
  await started(program, `pdns_server on ${address} serves its zones`, () => servesAll(address, zones));
  return program;
}
