// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { clone, fromBinary, fromJsonString, type Message, toJson } from "@bufbuild/protobuf";
import { timestampDate, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type Command,
  CommandSchema,
  CommandService,
  CommandState,
  type DispatchRequest,
} from "@parley/contracts/parley/mesh/v1/command_pb.js";
import { Priority as WirePriority } from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import type { Host } from "../agent/host-options.ts";
import { type Served, serve } from "../agent/serve.ts";
import { callLimits } from "../calls/limits.ts";
import type { Contracts } from "../contracts/contracts.ts";
import type { MethodContract } from "../contracts/policy.ts";
import { unaryMethod } from "../contracts/unary-method.ts";
import type { Priority } from "../header.ts";
import { MeshError } from "../mesh-error.ts";
import { redact } from "./letters/redaction.ts";
import type { MeshContracts } from "./mesh-contracts.ts";

/** What the service works with. */
interface Desk {
  readonly host: Host;
  readonly contracts: MeshContracts;
}

/** Commands listed when nobody says how many. */
const defaultPage = 100;
const source = "mesh.operator";

/** Serves CommandService: durable commands of the whole mesh, dispatched, followed, taken back and listed. */
export function commandService(attached: () => Promise<Desk>): Served {
  return serve(CommandService, {
    async dispatch(request, { signal }) {
      const { host, contracts } = await attached();
      const all = await contracts.all();
      const contract = await contracts.method(request.method);
      const { id } = await host
        .dispatcherOf(all)
        .dispatch(
          { method: unaryMethod(contract), init: read(contract, request.json, all), options: optionsOf(request) },
          { source, cause: undefined, conversationId: request.conversationId || undefined, signal },
        );
      return { command: shown(await host.commandDesk.stored(id, {}), all) };
    },
    async getCommand({ id }) {
      const { host, contracts } = await attached();
      return { command: shown(await host.commandDesk.stored(id, {}), await contracts.all()) };
    },
    async *watchCommand({ id }, { signal }) {
      const { host, contracts } = await attached();
      for await (const command of host.commandDesk.follow(id, { signal })) {
        yield { command: shown(command, await contracts.all()) };
      }
    },
    async cancelCommand({ id, author }, { header }) {
      const { host, contracts } = await attached();
      const command = await host.commandDesk.cancel(id, { by: author || header.sourceAgentId });
      return { command: shown(command, await contracts.all()) };
    },
    async listCommands(request) {
      const { host } = await attached();
      const { state, since, until, pageToken } = request;
      const { commands, nextPageToken } = await host.commandDesk.list({
        agent: request.agent || undefined,
        method: request.method || undefined,
        batchId: request.batchId || undefined,
        state: state === CommandState.UNSPECIFIED ? undefined : state,
        sinceMs: since === undefined ? undefined : timestampMs(since),
        untilMs: until === undefined ? undefined : timestampMs(until),
        pageSize: request.pageSize || defaultPage,
        pageToken,
      });
      return { commands: [...commands], nextPageToken };
    },
  });
}

function optionsOf({ at, priority, key, batchId }: DispatchRequest) {
  return {
    at: at === undefined ? undefined : timestampDate(at),
    priority: priorityNames.get(priority),
    key: key || undefined,
    batchId: batchId || undefined,
  };
}

const priorityNames: ReadonlyMap<WirePriority, Priority> = new Map([
  [WirePriority.LOW, "LOW"],
  [WirePriority.MEDIUM, "MEDIUM"],
  [WirePriority.HIGH, "HIGH"],
  [WirePriority.CRITICAL, "CRITICAL"],
]);

function read({ desc, name }: MethodContract, json: string, { registry }: Contracts): Message {
  try {
    // A field that is unknown is a typing mistake here.
    return fromJsonString(desc.input, json || "{}", {
      ...callLimits.jsonOptions,
      ignoreUnknownFields: false,
      registry,
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MeshError({ code: "UNDECODABLE", message: `the JSON is no request of "${name}": ${why}`, cause });
  }
}

/** With its reply in JSON, without what its contract calls SENSITIVE; the bytes are left out, for they would hold it. */
function shown(command: Command, contracts: Contracts): Command {
  const answer = clone(CommandSchema, command);
  answer.reply = new Uint8Array();
  const output = contracts.methodNamed(command.method)?.desc.output;
  if (command.replyBytes === 0 || command.reply.length !== command.replyBytes || output === undefined) return answer;
  const { registry } = contracts;
  const json = toJson(output, fromBinary(output, command.reply), { registry });
  answer.replyJson = JSON.stringify(redact(output, json, registry).json);
  return answer;
}
