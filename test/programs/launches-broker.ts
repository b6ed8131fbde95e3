// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { startServer } from "@parley/mesh/broker";

// Starts a broker, says its process id, and then ends the way its argument says; without one it waits for a signal.
const [storeDir = "", ending] = process.argv.slice(2);
const server = await startServer({ storeDir });
process.stdout.write(`${server.pid}\n`);
if (ending === "throw") throw new Error("as asked");
if (ending === "exit") process.exit(0);
if (ending !== "end") setInterval(() => {}, 60_000);
