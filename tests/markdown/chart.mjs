// Parses every Mermaid block of comments, and sees that a bar is all that a name ever becomes.

import fs from "node:fs";
import path from "node:path";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("<!doctype html><body></body>");
Object.assign(globalThis, { window, document: window.document });
const { default: mermaid } = await import("mermaid");
mermaid.initialize({ startOnLoad: false, securityLevel: "strict" });

/** A chart of lines has one title, and as many values in every line as it has days. */
function line(diagram, chart) {
  const kinds = chart.split("\n").slice(1).map((line) => line.trim().split(" ")[0]);
  const days = chart.match(/x-axis "[\w ]+" \[(.*)\]/)[1].split(",").length;
  const values = [...chart.matchAll(/^ {4}(?:line|bar) \[(.*)\]$/gm)].map(([, values]) => values.split(",").map(Number));
  const [, low, high] = chart.match(/y-axis "[^"]+" (\S+) --> (\S+)/).map(Number);
  const odd = values.flat().filter((value) => !(value >= low && value <= high));
  if (diagram.type !== "xychart" || kinds.filter((kind) => kind === "title").length !== 1 || kinds.some((kind) => !["title", "x-axis", "y-axis", "line", "bar"].includes(kind))) {
    throw new Error(`${diagram.type} of ${kinds}`);
  }
  if (![2, 3, 4].includes(values.length) || values.some((line) => line.length !== days) || odd.length > 0) {
    throw new Error(`${values.length} lines over ${days} days, beyond the frame: ${odd}`);
  }
}

const folder = process.argv[2];
const sections = new Set(["This PR", "Excluded", "Overlaps"]);
let charts = 0;
let wrong = 0;
for (const name of fs.readdirSync(folder).filter((name) => name.endsWith(".md"))) {
  const text = fs.readFileSync(path.join(folder, name), "utf8");
  for (const [, chart] of text.matchAll(/^```mermaid\n([^]*?)\n```$/gm)) {
    charts += 1;
    try {
      await mermaid.parse(chart);
      const diagram = await mermaid.mermaidAPI.getDiagramFromText(chart);
      if (chart.startsWith("xychart-beta\n")) {
        line(diagram, chart);
        continue;
      }
      const bars = chart.split("\n").filter((line) => line.includes(" :")).length;
      const tasks = diagram.db.getTasks();
      // A calendar has a section for each component; a plan has its own.
      const calendar = !chart.includes("section This PR");
      const odd = diagram.db.getSections().filter((section) => !calendar && !sections.has(section));
      if (diagram.type !== "gantt" || tasks.length !== bars || odd.length > 0) {
        throw new Error(`${diagram.type} with ${tasks.length} of ${bars} bars, odd sections: ${odd}`);
      }
      if (tasks.some((task) => !(task.endTime >= task.startTime) || task.classes.length > 0)) {
        throw new Error("a bar ends before it starts, or is more than a bar");
      }
    } catch (error) {
      wrong += 1;
      console.error(`${name}: ${error.message}\n${chart}`);
    }
  }
}
console.log(`${charts} charts parsed, ${wrong} of them wrong`);
process.exit(wrong > 0 || charts === 0 ? 1 : 0);
