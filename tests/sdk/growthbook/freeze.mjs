// Holds vectors.json and conditions.json against the GrowthBook JavaScript SDK, or writes its answers into them.
//
//     node freeze.mjs --frozen|--freeze FOLDER
//
// A case is one line, and only its answer is replaced, so that a change of the SDK shows as a change of a few words.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { evalCondition, GrowthBook } from "@growthbook/growthbook";

/** The cell, of 10,000, that the SDK hashes an id into. */
function cellOf({ seed, id }) {
  const experiment = { key: "k", seed, hashVersion: 2, variations: [0, 1], ranges: [[0, 1], [1, 1]] };
  return Math.round(new GrowthBook({ attributes: { id } }).run(experiment).bucket * 10000);
}

// A file, where the answer stands in a line of it, and the answer.
const answers = [
  ["vectors.json", /(?<="cell":)\w+(?=\},?$)/, cellOf],
  ["conditions.json", /(?<="js":)\w+(?=,"py":\w+\},?$)/, (asked) => evalCondition(asked.attributes, asked.condition)],
];

const [mode, folder] = process.argv.slice(2);
if (!["--frozen", "--freeze"].includes(mode) || !folder) {
  console.error("usage: node freeze.mjs --frozen|--freeze FOLDER");
  process.exit(2);
}
console.error = () => {}; // The SDK reports every unknown operator, which some cases are about.
for (const [name, place, answer] of answers) {
  const path = join(folder, name);
  const lines = readFileSync(path, "utf8").split("\n");
  const renewed = lines.map((line) =>
    place.test(line) ? line.replace(place, String(answer(JSON.parse(line.replace(/,$/, ""))))) : line,
  );
  if (mode === "--freeze") {
    writeFileSync(path, renewed.join("\n"));
    continue;
  }
  for (const [index, line] of renewed.entries()) {
    if (line === lines[index]) continue;
    console.log(`${name}:${index + 1}: the JavaScript SDK now answers ${line}`);
    process.exitCode = 1;
  }
}
