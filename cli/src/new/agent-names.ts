// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { UsageError } from "../usage-error.ts";

/** What a new agent is called, in each of the places that name it. */
export interface AgentNames {
  /** As it was typed: folder and npm package, e.g. `sales.order-desk`. */
  readonly folder: string;
  /** In contracts and in the directory, e.g. `sales.order_desk`. */
  readonly agent: string;
  /** Folder of its contract below `proto`, and path of its generated code, without version, e.g. `sales/order_desk`. */
  readonly path: string;
  /** The contract's file without its ending, e.g. `order_desk`. */
  readonly file: string;
  /** Beginning of its service and its messages, e.g. `OrderDesk`. */
  readonly type: string;
  /** Beginning of its events' names, e.g. `ORDER_DESK`. */
  readonly event: string;
}

const form = /^[a-z][a-z0-9]*([-_][a-z][a-z0-9]*)*(\.[a-z][a-z0-9]*([-_][a-z][a-z0-9]*)*)*$/;
/** First parts that are somebody else's: contracts under them would meet those that every agent imports. */
const taken: ReadonlySet<string> = new Set(["parley", "google", "buf", "grpc"]);
/** Names that npm does not let a package have. */
const refusedByNpm: ReadonlySet<string> = new Set(["node_modules", "favicon.ico"]);
/** What npm lets a package's name have. */
const longest = 100;

/**
 * All names of an agent, out of the one that was typed: lower-case words with `-` or `_` between them, and dots between the
 * module and what is in it.
 *
 * @throws UsageError when it cannot be one
 */
export function agentNames(name: string): AgentNames {
  if (!form.test(name) || name.length > longest) {
    throw new UsageError(
      `"${name}" cannot be the name of an agent`,
      `Write lower-case words of letters and digits, each beginning with a letter, at most ${longest} characters: greeter, order-desk, sales.order-desk.`,
    );
  }
  const parts = name.replaceAll("-", "_").split(".");
  const [first = "", file = ""] = [parts[0], parts.at(-1)];
  if (taken.has(first) || refusedByNpm.has(name)) {
    throw new UsageError(`"${name}" is taken`, `Put your own module in front, e.g. my.${name.replace("node_", "")}.`);
  }
  const type = file.split("_").map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return {
    folder: name,
    agent: parts.join("."),
    path: parts.join("/"),
    file,
    type: type.join(""),
    event: file.toUpperCase(),
  };
}
