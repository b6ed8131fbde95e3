// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// One worker of the pool: hosts all agents of the mailroom. Started with an IPC channel; ends with whoever started it.
import { host } from "@parley/mesh";
import { mailroom } from "../mailroom.ts";

const hosted = await host({ agents: mailroom(process.env["MAILROOM_OUTSIDE"] ?? "") });
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => void hosted.drain().then(() => process.exit(0)));
process.send?.("ready");
