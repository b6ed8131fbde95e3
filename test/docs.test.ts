// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { claimFault, claimsIn, scripts, scriptsIn } from "./tools/claims.ts";
import { root } from "./tools/source-files.ts";

const pages = globSync(["README.md", "docs/**/*.md", "{proto,mesh,gateway,cli}/README.md"], { cwd: root }).sort();

test.each(pages)("files, links, scripts and tests that %s names exist", (path) => {
  const page = readFileSync(join(root, path), "utf8");
  expect(claimsIn(page, path).flatMap((claim) => claimFault(claim) ?? [])).toEqual([]);
  const known = scripts();
  expect(scriptsIn(page).filter((name) => !known.has(name))).toEqual([]);
});

test("every row of the guarantees is shown by a test, or says nothing of one", () => {
  const rows = readFileSync(join(root, "docs/guarantees.md"), "utf8").match(/^\|.*\|$/gm) ?? [];
  const bare = rows.filter((row) => /\|\s*\|$/.test(row));
  expect(rows.length).toBeGreaterThan(20);
  expect(bare.map((row) => row.split("|")[1]?.trim())).toEqual(["one node"]);
});

test("what is not there is found", () => {
  const page = `See [this](gone.md), test/gone.ts and test/integration/delivery*.

\`\`\`ts
// test/in-code.ts
\`\`\`

| Topic | Shown by |
|---|---|
| a | journal, journal/inbox, test/broker-faults, \`test:crash\` (window 1) |
| b | no-such-test |
`;
  expect(claimsIn(page, "docs/page.md").flatMap((claim) => claimFault(claim) ?? [])).toEqual([
    'line 1: "test/gone.ts" is not there',
    'line 1: "gone.md" is not there',
    'line 10: "no-such-test" is not there',
  ]);
});

/** Words that no row of docs/decisions.md begins with. */
function unsaid(words: readonly string[]): readonly string[] {
  const rows = readFileSync(join(root, "docs/decisions.md"), "utf8").match(/^\|.*\|$/gm) ?? [];
  const subjects = rows.map((row) => row.split("|")[1] ?? "");
  return words.filter((word) => !subjects.some((subject) => subject.includes(word)));
}

test("each objection to direct calls, event sourcing, gRPC and databases is answered [R22]", () => {
  const objections = [
    ...["couple", "block", "Breakers and retries", "scale", "Calls have no order"],
    ...["complicates", "slow", "consistent", "overkill"],
    ...["discovery", "routes", "asynchronously", "brokers", "bottleneck"],
  ];
  expect(unsaid(objections)).toEqual([]);
});

test("for each broker, topic, queue, stream and group of the documents it is said what stands for it [R55]", () => {
  const named = [
    ...["Kafka", "customer-events", "agent-metrics", "audit-logs", "campaign-events"],
    ...["analytics-pipeline", "audit-processor", "notification-service"],
    ...["RabbitMQ", "email-tasks", "phone-tasks", "sms-tasks", "escalation-tasks", "virtual host"],
    ...["direct exchange", "topic and fanout exchange"],
    ...["Redis Streams", "agent-states", "customer-context", "conversation-threads"],
    ...["real-time-dashboard", "agent-coordinator", "context-engine"],
    ...["email-failed-queue", "phone-failed-queue", "sms-failed-queue"],
  ];
  expect(unsaid(named)).toEqual([]);
});
