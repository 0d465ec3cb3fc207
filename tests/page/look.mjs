// Opens pages of results as readers do: in light and dark, on wide and narrow screens, on paper and by keyboard.
//
// A page must say nothing on the console, ask for nothing, have no barrier that axe-core calls serious, fit its screen, and
// show the figures of its record: as numbers, as rounded digits, and as places in its plots. Pages of hostile words have the
// elements that the same page has with tame ones.

import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const folder = process.argv[2];
const shots = process.env.SHOTS;
const wrong = [];
let figures = 0;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });

/** Opens a page and hands it on; what it says or asks for is wrong. */
async function open(name, options, then) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const file = pathToFileURL(path.resolve(folder, name)).href;
  page.on("console", (said) => wrong.push(`${name}: console: ${said.text()}`));
  page.on("pageerror", (error) => wrong.push(`${name}: error: ${error.message}`));
  page.on("dialog", (dialog) => (wrong.push(`${name}: a dialog: ${dialog.message()}`), dialog.dismiss()));
  page.on("request", (request) => request.url() === file || wrong.push(`${name}: asks for ${request.url()}`));
  await page.goto(file);
  const of = await then(page);
  await context.close();
  return of;
}

async function seen(name) {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1100, 400]) {
      await open(name, { colorScheme, viewport: { width, height: 900 } }, async (page) => {
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        if (wide > width) wrong.push(`${name}: ${wide} wide on a screen of ${width}`);
        if (shots) await page.screenshot({ path: path.join(shots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
        await page.evaluate(axe);
        await page.evaluate(() => document.querySelectorAll("details").forEach((part) => (part.open = true)));
        const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
        for (const { id, impact, nodes } of found.violations.filter(({ impact }) => impact === "serious" || impact === "critical")) {
          wrong.push(`${name} ${colorScheme} ${width}: ${impact}: ${id}: ${nodes.slice(0, 3).map((node) => node.html).join(" ")}`);
        }
      });
    }
  }
}

/** Every place that the keyboard stops at must show it, and everything that opens or scrolls must be such a place. */
async function keyed(name) {
  await open(name, { viewport: { width: 400, height: 900 } }, async (page) => {
    const all = await page.evaluate(() => document.querySelectorAll("a[href], summary, [tabindex='0']").length);
    const stops = new Set();
    for (let at = 0; at < all * 2 + 4; at += 1) {
      await page.keyboard.press("Tab");
      const stop = await page.evaluate(() => {
        const now = document.activeElement;
        if (!now || now === document.body) return null;
        now.dataset.stop ??= String(Math.random());
        return { id: now.dataset.stop, tag: now.tagName, seen: getComputedStyle(now).outlineStyle !== "none" };
      });
      if (stop === null) break;
      stops.add(stop.id);
      if (!stop.seen) wrong.push(`${name}: <${stop.tag.toLowerCase()}> has the focus and does not show it`);
    }
    const closed = await page.evaluate(() => document.querySelectorAll("details:not([open]) :is(a[href], summary, [tabindex='0']):not(details:not([open]) > summary:first-child)").length);
    if (stops.size < all - closed) wrong.push(`${name}: the keyboard reaches ${stops.size} of ${all - closed} places`);
  });
}

/** The numbers that a page carries, and the digits that it shows of them. */
function read() {
  const data = (within) => [...within.querySelectorAll("data")].map((data) => ({ value: data.value, text: data.textContent }));
  const number = (element, name) => parseFloat(element.getAttribute(name));
  return [...document.querySelectorAll("article")].map((article) => ({
    tables: [...article.querySelectorAll("table.figures")].map((table) => ({
      variant: table.dataset.variant,
      rows: [...table.querySelectorAll("tbody tr")].map((row) => ({
        metric: row.dataset.metric,
        cells: Object.fromEntries([...row.querySelectorAll("[data-of]")].map((cell) => [cell.dataset.of, data(cell)])),
      })),
    })),
    forests: [...article.querySelectorAll("table.forest")].map((table) => ({
      ticks: [...table.querySelectorAll("svg.axis text")].map((tick) => [number(tick, "data-value"), number(tick, "x")]),
      rows: [...table.querySelectorAll("tbody tr")].map((row) => {
        const [range, point, limit] = ["line.range", "circle.point", "line.limit"].map((one) => row.querySelector(one));
        return {
          metric: row.dataset.metric,
          alternative: row.querySelector("svg > title")?.textContent,
          range: range && [number(range, "data-low"), number(range, "x1"), number(range, "data-high"), number(range, "x2")],
          point: point && [number(point, "data-value"), number(point, "cx")],
          limit: limit && [number(limit, "data-value"), number(limit, "x1")],
        };
      }),
    })),
    days: [...article.querySelectorAll("table.days")].map((table) =>
      [...table.querySelectorAll("tbody tr")].map((row) => ({ day: Number(row.dataset.day), data: data(row) }))),
    breakdowns: [...article.querySelectorAll("table.breakdown")].map((table) => ({
      ...table.dataset,
      rows: [...table.querySelectorAll("tbody tr")].map((row) => data(row)),
    })),
    exposed: [...article.querySelectorAll("table.split tbody data")].map((data) => data.value),
    raw: [...article.querySelectorAll("table.raw")].map((table) => ({ metric: table.dataset.metric, data: data(table).map(({ value }) => value) })),
    all: data(article),
    words: article.querySelector(".lede")?.textContent ?? "",
    verdict: article.querySelector(".verdict")?.textContent ?? "",
  }));
}

function same(where, shown, expected) {
  figures += 1;
  const values = shown.map(({ value }) => Number(value));
  if (JSON.stringify(values) !== JSON.stringify(expected)) {
    wrong.push(`${where}: shows ${JSON.stringify(values)} where the record has ${JSON.stringify(expected)}`);
  }
  shown.forEach((one) => rounded(where, one));
}

/** What is shown of a number is that number, rounded to the decimals that are shown. */
function rounded(where, { value, text }) {
  const bare = text.replaceAll("−", "-").replaceAll(",", "");
  const digits = bare.match(/\d+(\.\d+)?(e-?\d+)?/)?.[0];
  if (digits === undefined || /^p?\s?[<>]/.test(bare)) return;
  const half = 0.5000001 * 10 ** -(digits.split(/[.e]/)[1]?.length ?? 0);
  // Shares are shown as percents.
  const near = [1, 100].some((scale) => Math.abs(Number(digits) - Math.abs(Number(value) * scale)) <= half || digits.includes("e"));
  if (!near) wrong.push(`${where}: shows ${text} for ${value}`);
  if (Number(value) < 0 && Number(digits) !== 0 && !bare.includes("-")) wrong.push(`${where}: ${text} has lost its sign`);
}

const known = (figure) => (typeof figure === "number" ? [figure] : []);
const ends = (figure) => (figure && "low" in figure ? [figure.low, figure.high] : []);

/** What a page shows against what its record has. */
async function compared(name, records) {
  const articles = await open(name, {}, (page) => page.evaluate(read));
  if (articles.length !== records.length) wrong.push(`${name}: ${articles.length} articles for ${records.length} records`);
  records.forEach((record, at) => {
    const article = articles[at];
    article.all.forEach((one) => rounded(name, one));
    record.treatments.forEach((treatment, number) => {
      const table = article.tables[number];
      const forest = article.forests[number];
      treatment.outcomes.forEach((outcome, row) => {
        const where = `${name} ${treatment.variant} ${outcome.metric}`;
        const cells = table.rows[row].cells;
        same(`${where} control`, cells.control, known(outcome.control.mean));
        same(`${where} treatment`, cells.treatment, known(outcome.treatment.mean));
        same(`${where} difference`, cells.difference, known(outcome.difference));
        same(`${where} interval`, cells.interval ?? [], ends(outcome.interval));
        same(`${where} lift`, cells.lift, known(outcome.lift));
        same(`${where} lift interval`, cells["lift-interval"] ?? [], ends(outcome.lift_interval));
        same(`${where} p`, cells.p, known(outcome.p));
        same(`${where} level`, cells.level ?? [], known(outcome.level));
        drawn(where, forest, forest.rows[row], outcome, record.metrics[row]);
      });
    });
    const primary = record.metrics.find((metric) => metric.role === "success") ?? record.metrics[0];
    const daily = record.treatments
      .map((treatment) => treatment.outcomes.find((outcome) => outcome.metric === primary.id).days.filter((day) => typeof day.lift === "number"))
      .filter((days) => days.length > 1);
    daily.forEach((days, chart) => {
      days.forEach((day, row) => {
        const shown = article.days[chart]?.[row];
        if (shown?.day !== day.day) return wrong.push(`${name}: no day ${day.day}`);
        same(`${name} day ${day.day}`, shown.data, [day.lift, ...ends(day.lift_interval)]);
      });
    });
    for (const { dimension, slices } of record.breakdowns ?? []) {
      for (const { id } of record.metrics) {
        const effects = slices.flatMap((slice) => slice.effects.filter((effect) => effect.metric === id));
        if (effects.length === 0) continue;
        const table = article.breakdowns.find((own) => own.dimension === dimension && own.metric === id);
        effects.forEach((effect, row) => {
          const { units, lift, lift_interval: interval } = effect.contrast;
          const shown = "low" in interval ? [lift, ...ends(interval)] : [];
          same(`${name} ${id} by ${dimension}, row ${row}`, table?.rows[row] ?? [], [units[0] + units[1], ...shown, ...known(effect.adjusted)]);
        });
      }
    }
    const exposed = record.variants.map((variant) => variant.exposed);
    if (JSON.stringify(article.exposed.map(Number)) !== JSON.stringify(exposed)) wrong.push(`${name}: exposed ${article.exposed}`);
    for (const metric of record.tally.metrics.filter((metric) => !metric.failed)) {
      const numbers = metric.arms.flatMap((arm) => {
        const { n, shifts, sums, products } = arm.sums;
        return [...(arm.events ? [arm.events.value, arm.events.lower, arm.events.upper] : []), n, ...shifts, ...sums, ...products];
      });
      const shown = article.raw.find((table) => table.metric === metric.metric)?.data.map(Number);
      figures += numbers.length;
      if (JSON.stringify(shown) !== JSON.stringify(numbers)) wrong.push(`${name}: statistics of ${metric.metric}: ${shown}`);
    }
    if (!article.words || !article.verdict.includes(record.experiment)) wrong.push(`${name}: no sentence or no verdict`);
  });
}

/** Marks stand where their values are on the scale that the axis shows. */
function drawn(where, forest, row, outcome, metric) {
  const [[first, from], [last, to]] = [forest.ticks[0], forest.ticks.at(-1)];
  const place = (value) => from + ((value - first) / (last - first)) * (to - from);
  const off = (value, at) => Math.abs(place(value) - at) > 0.1 && !((at <= 0 && place(value) < 0) || (at >= 100 && place(value) > 100));
  const wants = typeof outcome.lift === "number" && "low" in outcome.lift_interval;
  if (!row.alternative) wrong.push(`${where}: a plot says nothing to who cannot see it`);
  if (wants !== Boolean(row.range)) return wrong.push(`${where}: ${wants ? "no" : "an"} interval is drawn`);
  if (!wants) return undefined;
  const [low, x1, high, x2] = row.range;
  if (low !== outcome.lift_interval.low || high !== outcome.lift_interval.high || off(low, x1) || off(high, x2)) wrong.push(`${where}: drawn ${row.range}`);
  if (row.point && (row.point[0] !== outcome.lift || off(...row.point))) wrong.push(`${where}: point ${row.point}`);
  const limit = metric.margin === null ? null : metric.margin * (metric.goal === "decrease" ? 1 : -1);
  if (row.limit && (row.limit[0] !== limit || off(...row.limit))) wrong.push(`${where}: limit ${row.limit}`);
  if (limit !== null && !row.limit && place(limit) > 0 && place(limit) < 100) wrong.push(`${where}: no limit is drawn`);
  return undefined;
}

/** The elements of a page with their attributes' names; words can bring only names as code. */
function elements() {
  return [...document.querySelectorAll("*")]
    .filter((element) => !["CODE", "LI"].includes(element.tagName))
    .map((element) => `${element.tagName}[${element.getAttributeNames().join()}]${element.getAttribute("href")?.replace(/^#[\w-]+$/, "#") ?? ""}`);
}

const names = fs.readdirSync(folder).filter((name) => name.endsWith(".html") && !name.endsWith(".tame.html"));
for (const name of names) {
  const record = path.join(folder, name.replace(/\.html$/, ".json"));
  const tame = name.replace(/\.html$/, ".tame.html");
  if (fs.existsSync(record)) {
    await compared(name, JSON.parse(fs.readFileSync(record, "utf8")));
    await seen(name);
    await keyed(name);
  }
  if (fs.existsSync(path.join(folder, tame))) {
    const [hostile, other] = [await open(name, {}, (page) => page.evaluate(elements)), await open(tame, {}, (page) => page.evaluate(elements))];
    const at = hostile.findIndex((element, at) => element !== other[at]);
    if (at >= 0 || hostile.length !== other.length) wrong.push(`${name}: words became ${hostile[at]} where ${other[at]} was`);
  }
}
await browser.close();
for (const one of [...new Set(wrong)].slice(0, 60)) console.error(one);
console.log(`${names.length} pages opened, ${figures} figures compared, ${wrong.length} wrong`);
process.exit(wrong.length > 0 || names.length === 0 || figures === 0 ? 1 : 0);
