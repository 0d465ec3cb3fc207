// GitHub in small: a stateful emulator, and before it a proxy that refuses every call, and every answer, that is not as
// GitHub describes its API. A third server answers with the examples of that description alone, for what is not emulated.
//
//     serve.mjs trim FROM TO    keeps of a description what `allot` uses
//     serve.mjs serve DESCRIPTION PRISM
//
// Prints one line of JSON when all is ready, and ends when standard input does.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";

const USED = [
  "/user",
  "/repos/{owner}/{repo}/issues/{issue_number}/comments",
  "/repos/{owner}/{repo}/issues/comments/{comment_id}",
  "/repos/{owner}/{repo}/commits/{commit_sha}/pulls",
  "/repos/{owner}/{repo}",
  "/repos/{owner}/{repo}/pulls",
  "/repos/{owner}/{repo}/git/commits",
  "/repos/{owner}/{repo}/git/commits/{commit_sha}",
  "/repos/{owner}/{repo}/git/trees",
  "/repos/{owner}/{repo}/git/refs",
  "/repos/{owner}/{repo}/git/ref/{ref}",
];

const SEED = {
  tokens: {
    "token-of-acme": { login: "acme", scopes: ["repo", "user"] },
    "token-of-release-bot": { login: "release-bot", scopes: ["repo", "user"] },
    "token-of-mallory": { login: "mallory", scopes: ["repo", "user"] },
  },
  github: {
    users: [{ login: "acme" }, { login: "release-bot" }, { login: "mallory" }],
    repos: [{ owner: "acme", name: "shop", auto_init: true }],
  },
};

const trim = (from, to) => {
  const { openapi, info, paths } = JSON.parse(readFileSync(from, "utf8"));
  const kept = USED.map((path) => {
    if (!paths[path]) throw new Error(`the description has no ${path}`);
    return [path, paths[path]];
  });
  writeFileSync(to, JSON.stringify({ openapi, info, servers: [{ url: "/" }], paths: Object.fromEntries(kept) }));
};

const freePort = () =>
  new Promise((done, failed) => {
    const server = createServer().once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

/** The answer to a call of the emulator itself. */
const asked = async (url, method, body) => {
  const headers = { authorization: "Bearer token-of-acme", "content-type": "application/json" };
  const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
};

/** A Prism, once it listens. */
const prism = async (program, ...args) => {
  const port = await freePort();
  const child = spawn(process.execPath, [program, ...args, "--port", String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((done, failed) => {
    let said = "";
    child.stdout.on("data", (text) => {
      said += text;
      if (said.includes("Prism is listening")) done();
    });
    child.once("exit", () => failed(new Error(`Prism ended:\n${said}`)));
  });
  return { child, url: `http://127.0.0.1:${port}` };
};

const serve = async (description, program) => {
  const { createEmulator } = await import("emulate");
  const github = await createEmulator({ service: "github", port: await freePort(), seed: SEED });
  const emulator = github.url.replace("localhost", "127.0.0.1");
  const repository = `${emulator}/repos/acme/shop`;
  const { object } = await asked(`${repository}/git/ref/heads/main`, "GET");
  await asked(`${repository}/git/refs`, "POST", { ref: "refs/heads/launch", sha: object.sha });
  await asked(`${repository}/contents/launch.toml`, "PUT", { message: "Launch", content: "eA==", branch: "launch" });
  const pull = await asked(`${repository}/pulls`, "POST", { title: "Launch", head: "launch", base: "main" });
  const proxy = await prism(program, "proxy", description, emulator, "--errors");
  // Not every example of GitHub's is as its own description says, so that answers are not held against it here; calls are.
  const examples = await prism(program, "mock", description);
  process.stdin.resume().once("end", async () => {
    proxy.child.kill();
    examples.child.kill();
    await github.close();
    process.exit(0);
  });
  console.log(JSON.stringify({ emulator, proxy: proxy.url, examples: examples.url, pull: pull.number }));
};

const [verb, ...rest] = process.argv.slice(2);
await { trim, serve }[verb](...rest);
