// Holds conditions.json against the Eppo JavaScript SDK, or writes its answers into it.
//
//     node freeze.mjs --frozen|--freeze FOLDER
//
// A case is one line, and only its answers are replaced, so that a change of the SDK shows as a change of a few digits.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// The core that the Node SDK is made of, and the only part that takes a configuration without fetching it.
const node = createRequire(import.meta.url).resolve("@eppo/node-server-sdk");
const { EppoClient, MemoryOnlyConfigurationStore } = createRequire(node)("@eppo/js-client-sdk-common");

/** A flag that is true for those whom the rules match. */
function flagOf(key, rules) {
  const give = (key, rules) => ({ key, rules, splits: [{ variationKey: key, shards: [] }], doLog: false });
  const variations = { yes: { key: "yes", value: true }, no: { key: "no", value: false } };
  const allocations = [give("yes", rules), give("no", [])];
  return { key, enabled: true, variationType: "BOOLEAN", variations, allocations, totalShards: 10000 };
}

/** What the SDK says of each case, in their order: a digit for each of its attributes. */
async function answersOf(cases) {
  const flagConfigurationStore = new MemoryOnlyConfigurationStore();
  await flagConfigurationStore.setEntries(
    Object.fromEntries(cases.map(({ rules }, index) => [`case-${index}`, flagOf(`case-${index}`, rules)])),
  );
  flagConfigurationStore.setFormat("SERVER");
  const client = new EppoClient({ flagConfigurationStore });
  client.setIsGracefulFailureMode(false);
  const digit = (index, attributes) => Number(client.getBooleanAssignment(`case-${index}`, "u", attributes, false));
  return cases.map(({ attributes }, index) => attributes.map((some) => digit(index, some)).join(""));
}

const [mode, folder] = process.argv.slice(2);
if (!["--frozen", "--freeze"].includes(mode) || !folder) {
  console.error("usage: node freeze.mjs --frozen|--freeze FOLDER");
  process.exit(2);
}
const place = /(?<="js":")\d+(?=","py":"\d+"\},?$)/;
const path = join(folder, "conditions.json");
const lines = readFileSync(path, "utf8").split("\n");
const asked = lines.flatMap((line, index) => (place.test(line) ? [index] : []));
const answers = await answersOf(asked.map((index) => JSON.parse(lines[index].replace(/,$/, ""))));
const renewed = [...lines];
for (const [turn, index] of asked.entries()) renewed[index] = lines[index].replace(place, answers[turn]);
if (mode === "--freeze") {
  writeFileSync(path, renewed.join("\n"));
} else {
  for (const [index, line] of renewed.entries()) {
    if (line === lines[index]) continue;
    console.log(`conditions.json:${index + 1}: the JavaScript SDK now answers ${line}`);
    process.exitCode = 1;
  }
}
