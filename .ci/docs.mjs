// Opens the page /docs as a browser does, and tries every request that it offers: the argument is the server's address, and
// COMMERCE_TOKEN the secret of an operator's token. The requests must be valid, and the token must go nowhere but into the
// header Authorization.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { JSDOM } from "jsdom";

const address = process.argv[2];
const token = process.env.COMMERCE_TOKEN;
const page = await fetch(`${address}/docs#out_of_stock`);
const html = await page.text();

const policy = page.headers.get("content-security-policy");
for (const name of ["script", "style"]) {
  const [, content] = html.match(new RegExp(`<${name}>([^]*?)</${name}>`));
  const hash = createHash("sha256").update(content).digest("base64");
  assert.ok(policy.includes(`${name}-src 'sha256-${hash}'`), `${name}: ${policy}`);
}

const sent = [];
const inPage = (url, init) => {
  const absolute = new URL(url, `${address}/docs`).href;
  if (init) sent.push({ url: absolute, init });
  return fetch(absolute, init);
};
const { window } = new JSDOM(html, {
  url: `${address}/docs#out_of_stock`,
  runScripts: "dangerously",
  beforeParse: (window) => {
    window.fetch = inPage;
    window.Element.prototype.scrollIntoView = () => {};
  },
});
const { document } = window;
const until = async (what, holds) => {
  for (let tries = 0; !holds(); tries += 1) {
    assert.ok(tries < 1_000, what);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
await until("the page is drawn", () => document.querySelector("section details"));
assert.equal(document.querySelector(window.location.hash).tagName, "DT");

document.getElementById("token").value = token;
const api = await (await fetch(`${address}/openapi.json`)).json();
const operations = Object.values(api.paths).flatMap((methods) => Object.values(methods));
const trials = [...document.querySelectorAll(".trial")];
// The stream of events is not offered.
assert.equal(trials.length, operations.length - 1);
const statuses = {};
for (const trial of trials) {
  const answer = trial.querySelector("pre");
  trial.querySelector("button").click();
  await until(answer.textContent, () => !answer.textContent.endsWith("…"));
  const [request, status] = answer.textContent.split("\n");
  // The shop's rules may refuse an example that was done before; the request is well-formed.
  assert.ok([200, 201, 402, 404, 409, 422].includes(Number(status)), answer.textContent);
  assert.ok(!answer.textContent.includes(token), request);
  statuses[status] = (statuses[status] ?? 0) + 1;
}
assert.ok(statuses[200] > 15 && statuses[201] >= 1, JSON.stringify(statuses));
for (const { url, init } of sent) {
  assert.ok(!url.includes(token), url);
  const { Authorization, ...headers } = init.headers;
  assert.equal(Authorization, `Bearer ${token}`);
  assert.ok(!JSON.stringify([headers, init.body]).includes(token), url);
}
assert.equal(window.localStorage.length + window.sessionStorage.length, 0);
assert.equal(document.cookie + window.history.state, "null");
assert.ok(!document.documentElement.outerHTML.includes(token));

// Values are encoded where they go.
const searched = trials[operations.filter((o) => o.operationId !== "events").findIndex((o) => o.operationId === "product.list")];
const input = [...searched.querySelectorAll("label")].find((label) => label.textContent.startsWith("search"));
input.querySelector("input").value = "머그 &?#/";
searched.querySelector("button").click();
const last = new URL(sent.at(-1).url);
assert.equal(last.searchParams.get("search"), "머그 &?#/");
console.log(`${sent.length} requests were tried on the page: ${JSON.stringify(statuses)}`);
window.close();
