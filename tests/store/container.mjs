// Makes the container `bucket` in Azure's emulator, which anybody may read:
//
//     node container.mjs PORT
//
// AZURITE_ACCOUNTS is NAME:KEY of its account. It waits for the emulator to listen.

import { createHmac } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

const [account, key] = process.env.AZURITE_ACCOUNTS.split(":");
const url = `http://127.0.0.1:${process.argv[2]}/${account}/bucket?restype=container`;

async function make() {
    const own = { "x-ms-blob-public-access": "container", "x-ms-date": new Date().toUTCString(), "x-ms-version": "2021-08-06" };
    const signed = Object.entries(own).map(([name, value]) => `${name}:${value}\n`).join("");
    const text = `PUT${"\n".repeat(12)}${signed}/${account}/${account}/bucket\nrestype:container`;
    const signature = createHmac("sha256", Buffer.from(key, "base64")).update(text).digest("base64");
    const headers = { ...own, authorization: `SharedKey ${account}:${signature}` };
    const answer = await fetch(url, { method: "PUT", headers });
    if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
}

for (let turn = 0; ; turn += 1) {
    try {
        await make();
        break;
    } catch (wrong) {
        if (turn === 300 || wrong.cause?.code !== "ECONNREFUSED") throw wrong;
        await pause(100);
    }
}
