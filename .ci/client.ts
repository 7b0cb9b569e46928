// Buys something through the TypeScript client that was generated from the OpenAPI document: its argument is the server's
// address, and COMMERCE_TOKEN the secret of an operator's token. What the document does not say does not compile.

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[]; env: Record<string, string | undefined> };

const assert: (holds: boolean, what: unknown) => asserts holds = (holds, what) => {
  if (!holds) throw new Error(JSON.stringify(what));
};

const client = createClient<paths>({
  baseUrl: process.argv[2],
  headers: { Authorization: `Bearer ${process.env.COMMERCE_TOKEN}` },
});

const products = await client.GET("/v1/products", { params: { query: { sort: "-price", limit: 1 } } });
assert(products.data !== undefined && products.data.items[0].product === "mug", products);
assert(products.response.headers.get("link")?.endsWith('; rel="next"') === true, products.response);

const order: components["schemas"]["Order"][] = [];
for (const replayed of [null, "true"]) {
  const placed = await client.POST("/v1/orders", {
    params: { header: { "Idempotency-Key": "generated-2" } },
    body: { user: "alice", items: [{ product: "mug", quantity: 2 }] },
  });
  assert(placed.data !== undefined && placed.data.status === "paid", placed.error);
  assert(placed.response.headers.get("idempotent-replayed") === replayed, placed.data);
  order.push(placed.data);
}
assert(order[0].order === order[1].order, order);

const path = { order: order[0].order };
const cancelled = await client.POST("/v1/orders/{order}/cancel", { params: { path }, body: {} });
assert(cancelled.data?.status === "cancelled", cancelled.error);
const read = await client.GET("/v1/orders/{order}", { params: { path } });
assert(read.data !== undefined && read.data.status === "cancelled" && read.data.cancelled_at !== undefined, read.error);

type Entry = components["schemas"]["Entry"];
const entries: Entry[] = [];
let cursor: string | null | undefined;
do {
  const page = await client.GET("/v1/users/{user}/ledger", {
    params: { path: { user: "alice" }, query: { limit: 1, ...(cursor ? { cursor } : {}) } },
  });
  assert(page.data !== undefined, page.error);
  entries.push(...page.data.items);
  cursor = page.data.next_cursor;
} while (cursor);
const kinds: Entry["kind"][] = ["refund", "payment"];
assert(entries.length > 2 && kinds.every((kind, place) => entries[place].kind === kind), entries);
assert(entries[0].balance === entries.reduce((sum, entry) => sum + entry.amount, 0), entries);

const refused = await client.POST("/v1/orders", { body: { user: "alice", items: [{ product: "mug", quantity: 1_000 }] } });
assert(refused.error?.code === "out_of_stock" && refused.response.status === 409, refused.data);
console.log("a generated TypeScript client bought two mugs, cancelled the order and paged the ledger");
