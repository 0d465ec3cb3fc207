// What the scripts that ask an SDK write: lines of JSON to standard output, and the table of exposures.

import { writeSync } from "node:fs";

/** Writes all of `text` to standard output, also where a pipe takes only part of it at once. */
export function print(text) {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(1, bytes, written);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

/** Exposures as CSV, under the names that the catalogue's `[exposures]` has for its columns. */
export function table(rows) {
  const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = [["user_id", "experiment_id", "variant_id", "exposed_at"], ...rows].map((row) => row.map(cell).join(","));
  return lines.join("\n") + "\n";
}
