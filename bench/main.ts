/**
 * `make bench`: figures of one run on this machine, to be read as ratios. `BENCH=rollout` (several: with spaces) runs only that one;
 * `COUNT=1000` makes the crowd smaller; `EXTERNAL_DNS` names a binary of ExternalDNS 0.22, to be run side by side with it.
 */
import { model } from './model.ts';
import { planner } from './planner.ts';
import { rollout } from './rollout.ts';
import { sharing } from './sharing.ts';
import { tenThousand } from './ten-thousand.ts';

const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  planner,
  model,
  sharing,
  rollout,
  'ten-thousand': tenThousand,
};

const names = process.argv.slice(2);
const unknown = names.find((name) => !(name in BENCHES));
if (unknown !== undefined) throw new Error(`no benchmark ${unknown}; there are: ${Object.keys(BENCHES).join(', ')}`);
for (const [name, bench] of Object.entries(BENCHES)) {
  if (names.length > 0 && !names.includes(name)) continue;
  console.log(`\n== ${name}`);
  await bench();
}
// A failed measurement may have left servers behind: they end with this namespace.
process.exit();
