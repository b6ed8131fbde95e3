// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// What the types of commands must accept and refuse. Checked by the compiler, never run: a line below `@ts-expect-error` that
// becomes correct is an error.

import type { Context, Host, Outbox } from "@parley/mesh";
import { EchoService } from "../gen/parley/test/v1/echo_pb.js";
import { JobService } from "../gen/parley/test/v1/job_pb.js";

declare const ctx: Context;
declare const outbox: Outbox;
declare const hosted: Host;

const { id }: { readonly id: string } = await ctx.dispatch(JobService.method.do, { name: "a" });
await ctx.dispatch(JobService.method.do, { name: id }, { key: "k", priority: "LOW", at: new Date() });
await hosted.dispatch(JobService.method.do, { name: "a" }, { source: "test.other", conversationId: "c" });
outbox.dispatch(JobService.method.do, { name: "a" }, { at: new Date() });

// @ts-expect-error no such field
await ctx.dispatch(JobService.method.do, { nam: "a" });
// @ts-expect-error a command has one request and one reply
await ctx.dispatch(EchoService.method.count, { count: 1 });
// @ts-expect-error a method, not its service
outbox.dispatch(JobService, { name: "a" });
// @ts-expect-error no such priority
outbox.dispatch(JobService.method.do, { name: "a" }, { priority: "URGENT" });
// @ts-expect-error when is a date, not a number
await hosted.dispatch(JobService.method.do, { name: "a" }, { at: 5 });
