// Prints, as JSON lines, what the GrowthBook JavaScript SDK assigns to every unit for every flag that a server has.
//
//     node assign.mjs URL CLIENT_KEY UNITS.jsonl UNIT_ATTRIBUTE EXPOSURES.csv
//
// The SDK fetches URL/api/features/CLIENT_KEY by itself. A unit is one line of UNITS.jsonl: its attributes, with its id under
// UNIT_ATTRIBUTE. A line of output is {"unit","flag","experiment","variant","value"}; experiment and variant are what the
// tracking callback was given, and null where it was not called. What it was given is also written to EXPOSURES.csv.

import { readFileSync, writeFileSync } from "node:fs";
import { GrowthBook } from "@growthbook/growthbook";
import { print, table } from "./lines.mjs";

const [apiHost, clientKey, unitsPath, unitAttribute, exposuresPath] = process.argv.slice(2);
if (!exposuresPath) {
  console.error("usage: node assign.mjs URL CLIENT_KEY UNITS.jsonl UNIT_ATTRIBUTE EXPOSURES.csv");
  process.exit(2);
}
const exposures = [];
let tracked = [];
const trackingCallback = (experiment, result) => tracked.push([experiment.key, result.key]);
const first = new GrowthBook({ apiHost, clientKey });
const { success, source, error } = await first.init({ timeout: 10000 });
if (!success || source !== "network") throw error ?? new Error(`initialised from ${source}`);
const payload = first.getDecryptedPayload();
let chunk = "";
for (const line of readFileSync(unitsPath, "utf8").split("\n")) {
  if (line.trim() === "") continue;
  const attributes = JSON.parse(line);
  const unit = attributes[unitAttribute] ?? null;
  // A new instance for every unit: the SDK remembers what it has tracked, and an application has one user at a time.
  const growthbook = new GrowthBook({ attributes, trackingCallback }).initSync({ payload });
  for (const flag of Object.keys(payload.features)) {
    tracked = [];
    const { value } = growthbook.evalFeature(flag);
    if (tracked.length > 1) throw new Error(`flag ${flag} was tracked ${tracked.length} times`);
    const [experiment, variant] = tracked[0] ?? [null, null];
    if (experiment !== null) exposures.push([unit, experiment, variant, new Date().toISOString()]);
    chunk += JSON.stringify({ unit, flag, experiment, variant, value }) + "\n";
  }
  growthbook.destroy();
  if (chunk.length > 1 << 16) {
    print(chunk);
    chunk = "";
  }
}
print(chunk);
writeFileSync(exposuresPath, table(exposures));
process.exit();
