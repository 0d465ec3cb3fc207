// Prints, as JSON lines, what the Eppo SDK for Node assigns to every unit for every flag that a server has.
//
//     node assign.mjs URL UNITS.jsonl UNIT_ATTRIBUTE EXPOSURES.csv
//
// The SDK fetches URL/flag-config/v1/config by itself. A unit is one line of UNITS.jsonl: its attributes, with its id under
// UNIT_ATTRIBUTE. A line of output is {"unit","flag","experiment","variant","value"}; experiment and variant are what the
// assignment logger was given, and null where it was not called. What it was given is also written to EXPOSURES.csv.

import { readFileSync, writeFileSync } from "node:fs";
import { init } from "@eppo/node-server-sdk";
import { print, table } from "./lines.mjs";

/** How an application asks for each type, with a default that nobody is to get. */
const ASK = {
  STRING: (client, ...subject) => client.getStringAssignment(...subject, "the caller's own"),
  NUMERIC: (client, ...subject) => client.getNumericAssignment(...subject, -271828),
  JSON: (client, ...subject) => client.getJSONAssignment(...subject, { default: "the caller's own" }),
  BOOLEAN: (client, ...subject) => {
    const value = client.getBooleanAssignment(...subject, true);
    return value === client.getBooleanAssignment(...subject, false) ? value : "the caller's own";
  },
};

const [baseUrl, unitsPath, unitAttribute, exposuresPath] = process.argv.slice(2);
if (!exposuresPath) {
  console.error("usage: node assign.mjs URL UNITS.jsonl UNIT_ATTRIBUTE EXPOSURES.csv");
  process.exit(2);
}
const exposures = [];
let logged = [];
const assignmentLogger = { logAssignment: (event) => logged.push(event) };
const client = await init({ apiKey: "none", baseUrl, assignmentLogger });
const flags = Object.entries(client.getFlagConfigurations());
let chunk = "";
for (const line of readFileSync(unitsPath, "utf8").split("\n")) {
  if (line.trim() === "") continue;
  const attributes = JSON.parse(line);
  const unit = attributes[unitAttribute];
  for (const [flag, { variationType }] of flags) {
    logged = [];
    const value = ASK[variationType](client, flag, unit, attributes);
    if (logged.length > 1) throw new Error(`flag ${flag} was logged ${logged.length} times`);
    let [experiment, variant] = [null, null];
    for (const event of logged) {
      [experiment, variant] = event.variation.split("/");
      if (event.allocation !== experiment || event.featureFlag !== flag) throw new Error(JSON.stringify(event));
      exposures.push([event.subject, experiment, variant, event.timestamp]);
    }
    chunk += JSON.stringify({ unit, flag, experiment, variant, value }) + "\n";
  }
  if (chunk.length > 1 << 16) {
    print(chunk);
    chunk = "";
  }
}
print(chunk);
writeFileSync(exposuresPath, table(exposures));
process.exit(); // The SDK goes on polling.
