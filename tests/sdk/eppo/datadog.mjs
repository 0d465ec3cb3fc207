// Prints, as JSON lines, what Datadog's reader of the same format assigns to every unit for every flag that it can read.
//
//     node datadog.mjs URL UNITS.jsonl UNIT_ATTRIBUTE
//
// Lines are those of assign.mjs. Experiment and variant are what its exposure event says, where it says that it is one to log.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { print } from "./lines.mjs";

// Without its types it needs nothing of OpenFeature's own package.
const { DatadogNodeServerProvider } = createRequire(import.meta.url)("@datadog/openfeature-node-server");

const TYPES = {
  STRING: ["resolveStringEvaluation", "the caller's own"],
  NUMERIC: ["resolveNumberEvaluation", -271828],
  BOOLEAN: ["resolveBooleanEvaluation", null],
  JSON: ["resolveObjectEvaluation", null],
};

const [url, unitsPath, unitAttribute] = process.argv.slice(2);
if (!unitAttribute) {
  console.error("usage: node datadog.mjs URL UNITS.jsonl UNIT_ATTRIBUTE");
  process.exit(2);
}
const configuration = await (await fetch(`${url}/flag-config/v1/config`)).json();
const provider = new DatadogNodeServerProvider({ exposureChannel: { hasSubscribers: false } });
provider.setConfiguration(configuration);
await provider.initialize();
const logger = { debug() {}, info() {}, warn() {}, error() {} };
let chunk = "";
for (const line of readFileSync(unitsPath, "utf8").split("\n")) {
  if (line.trim() === "") continue;
  const { [unitAttribute]: unit, ...attributes } = JSON.parse(line);
  for (const [flag, { variationType }] of Object.entries(configuration.flags)) {
    const [resolve, otherwise] = TYPES[variationType];
    const details = await provider[resolve](flag, otherwise, { targetingKey: unit, ...attributes }, logger);
    if (details.errorCode === "PARSE_ERROR") continue;
    const { __dd_do_log: logged, __dd_allocation_key: allocation } = details.flagMetadata;
    const [experiment, variant] = logged ? details.variant.split("/") : [null, null];
    if (logged && allocation !== experiment) throw new Error(JSON.stringify(details));
    chunk += JSON.stringify({ unit, flag, experiment, variant, value: details.value }) + "\n";
  }
  if (chunk.length > 1 << 16) {
    print(chunk);
    chunk = "";
  }
}
print(chunk);
