// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  type AgentInstance,
  AgentRole,
  Escalation,
  FailureReason,
  HealthStatus,
  InstanceStatus,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import { duration } from "./duration.ts";
import { listLines } from "./list.ts";
import { moment } from "./moment.ts";
import type { Style } from "./style.ts";
import { tableLines } from "./table.ts";

/** Instances as a table: who, how well, how busy. */
export function agentsTable(instances: readonly AgentInstance[], style: Style): readonly string[] {
  const head = ["AGENT", "INSTANCE", "STATUS", "ENDPOINT", "BUSY", "AVERAGE", "ERRORS", "SINCE"];
  const rows = instances.map((one) => row(one, style.red));
  return listLines({ head, rows, right: [4, 5, 6], none: "no such instance is there" }, style);
}

function row({ profile, state, health }: AgentInstance, red: Style["red"]): readonly string[] {
  const well = health === undefined || health.status <= HealthStatus.HEALTHY;
  const { averageResponseTime, errorRate = 0, completed = 0n } = state?.performance ?? {};
  return [
    profile?.name ?? "",
    profile?.id ?? "",
    well ? statusOf(profile?.status) : red(`${statusOf(profile?.status)}, ${reasonOf(health.failureReason)}`),
    profile?.endpoint ?? "",
    state === undefined ? "" : String(state.inProgress),
    averageResponseTime === undefined || completed === 0n ? "" : duration(durationMs(averageResponseTime)),
    completed === 0n ? "" : `${(errorRate * 100).toFixed(1)} %`,
    moment(profile?.startedAt),
  ];
}

/** All that is known of an instance; what is empty is left out. */
export function agentPage(instance: AgentInstance, { bold, dim, red }: Style): readonly string[] {
  const { profile, state, health } = instance;
  const needed = health?.escalation === Escalation.REQUIRED ? `, ${red("somebody has to act")}` : "";
  const failures = health?.failureReason ? ` (${reasonOf(health.failureReason)}, ${health.retryAttempts} times)` : "";
  const facts: readonly (readonly [string, string])[] = [
    ["what", profile?.description ?? ""],
    ["role", (AgentRole[profile?.role ?? 0] ?? "").toLowerCase()],
    ["model", profile?.model ?? ""],
    ["version", profile?.version ?? ""],
    ["status", statusOf(profile?.status)],
    ["health", `${(HealthStatus[health?.status ?? 1] ?? "").toLowerCase()}${failures}${needed}`],
    ["last heartbeat", moment(health?.lastHeartbeat)],
    ["endpoint", profile?.endpoint ?? ""],
    ["weight", String(profile?.weight ?? "")],
    ["since", moment(profile?.startedAt)],
    ["serves", profile?.services.join(", ") ?? ""],
    ["hears", profile?.hears.join(", ") ?? ""],
    ["capabilities", profile?.capabilities.join(", ") ?? ""],
    ["skills", profile?.skills.map(({ id }) => id).join(", ") ?? ""],
    ["tools", profile?.tools.map(({ name }) => name).join(", ") ?? ""],
    ["permissions", profile?.permissions.join(", ") ?? ""],
    [
      "handled",
      state?.performance === undefined
        ? ""
        : `${state.performance.completed}, ${state.performance.failed} failed, ${state.performance.refused} refused`,
    ],
    ["memory", state?.resources === undefined ? "" : `${Math.round(Number(state.resources.memoryBytes) / 1e6)} MB`],
    ["processor", state?.resources === undefined ? "" : `${state.resources.cpuCores.toFixed(2)} cores`],
    ["connections", state?.resources === undefined ? "" : String(state.resources.activeConnections)],
    ...(state?.currentWork ?? []).map(({ operation, messageId, startedAt }): readonly [string, string] => [
      "busy with",
      `${operation} since ${moment(startedAt)}, message ${messageId}`,
    ]),
  ];
  const told = facts.filter(([, value]) => value !== "").map(([name, value]) => [dim(name), value]);
  return [`${bold(profile?.name ?? "")}  ${profile?.id ?? ""}`, ...tableLines(told)];
}

/** A change of an instance as one line. */
export function agentLine(
  change: string,
  { profile, health }: AgentInstance,
  { bold, dim, red, green }: Style,
): string {
  const paint = change === "LOST" ? red : change === "JOINED" ? green : (text: string) => text;
  const needed = change === "LOST" && health?.escalation === Escalation.REQUIRED ? red("  somebody has to act") : "";
  const time = dim(new Date().toISOString().slice(11, 23));
  return `${time}  ${paint(change.toLowerCase().padEnd(7))}  ${bold(profile?.name ?? "")}  ${statusOf(profile?.status)}  ${profile?.endpoint ?? ""}  ${dim(profile?.id ?? "")}${needed}`;
}

function statusOf(status: InstanceStatus = InstanceStatus.UNSPECIFIED): string {
  return (InstanceStatus[status] ?? "").toLowerCase();
}

function reasonOf(reason: FailureReason): string {
  return (FailureReason[reason] ?? "").toLowerCase().replaceAll("_", " ");
}
