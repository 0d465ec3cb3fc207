// Prints, as JSON lines, what the GrowthBook JavaScript SDK assigns to every unit for every flag of a payload.
//
//     node assign.mjs PAYLOAD.json UNITS.jsonl UNIT_ATTRIBUTE
//
// A unit is one line of UNITS.jsonl: its attributes, with its id under UNIT_ATTRIBUTE. A line of output is
// {"unit","flag","experiment","variant","value"}; experiment and variant are what the tracking callback was given,
// and null where it was not called. Flags come in payload order, all-digit ids first, as JavaScript orders keys.

import { readFileSync, writeSync } from "node:fs";
import { GrowthBook } from "@growthbook/growthbook";

/** The lines that one unit gets, each ended by a line feed. */
function linesOf(payload, attributes, unitAttribute) {
  let tracked = [];
  // A new instance for every unit: the SDK remembers what it has tracked, and an application has one user at a time.
  const growthbook = new GrowthBook({
    attributes,
    trackingCallback: (experiment, result) => tracked.push([experiment.key, result.key]),
  }).initSync({ payload });
  let lines = "";
  for (const flag of Object.keys(payload.features)) {
    tracked = [];
    const { value } = growthbook.evalFeature(flag);
    if (tracked.length > 1) throw new Error(`flag ${flag} was tracked ${tracked.length} times`);
    const [experiment, variant] = tracked[0] ?? [null, null];
    lines += JSON.stringify({ unit: attributes[unitAttribute] ?? null, flag, experiment, variant, value }) + "\n";
  }
  growthbook.destroy();
  return lines;
}

/** Writes all of `text` to stdout, also where a pipe takes only part of it at once. */
function print(text) {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(1, bytes, written);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

const [payloadPath, unitsPath, unitAttribute] = process.argv.slice(2);
if (!unitAttribute) {
  console.error("usage: node assign.mjs PAYLOAD.json UNITS.jsonl UNIT_ATTRIBUTE");
  process.exit(2);
}
const payload = JSON.parse(readFileSync(payloadPath, "utf8"));
let chunk = "";
for (const line of readFileSync(unitsPath, "utf8").split("\n")) {
  if (line.trim() === "") continue;
  chunk += linesOf(payload, JSON.parse(line), unitAttribute);
  if (chunk.length > 1 << 16) {
    print(chunk);
    chunk = "";
  }
}
print(chunk);
