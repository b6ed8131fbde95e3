// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { CommandStatus } from "./command-status.ts";

/** A command that is stored, wherever it was dispatched. */
export interface StoredCommand {
  /** Message id. */
  readonly id: string;
  /**
   * How far it is.
   *
   * @throws MeshError NOT_FOUND when nothing is known of it: there is none, or it ended at least eight days ago;
   *   PERMISSION_DENIED when it is neither of this agent nor of a method that it may have run
   */
  status(): Promise<CommandStatus>;
  /**
   * Takes it back: CANCELLED, and it is not run from then on; or RUNNING with `cancelRequested`, when a handler was faster: that
   * one is asked to stop by its signal, and the command is CANCELLED unless it succeeds all the same.
   *
   * @throws MeshError COMMAND_ENDED when it is done, failed or expired; as {@link status} does
   */
  cancel(): Promise<CommandStatus>;
}

/** How long to wait. */
export interface ResultOptions {
  /** Milliseconds of the mesh's clock; default: until it ends, or the handler that waits does. */
  readonly timeoutMs?: number | undefined;
  /** Gives up waiting when it aborts; the command goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** A command that is stored and will be run. */
export interface Dispatched<O extends DescMessage = DescMessage> extends StoredCommand {
  /**
   * Waits for the reply, also when it came long ago. Giving up leaves the command as it is.
   *
   * @throws MeshError COMMAND_FAILED with the last error as its cause; EXPIRED; COMMAND_CANCELLED; DEADLINE_EXCEEDED when it has
   *   not ended in time; TOO_LARGE when it was done and the reply has more than 32 KiB; as {@link status} does
   */
  result(options?: ResultOptions): Promise<MessageShape<O>>;
}

/** Commands that were stored together. */
export interface DispatchedBatch<O extends DescMessage = DescMessage> {
  /** What they are listed by. */
  readonly id: string;
  /** In the order of the requests. */
  readonly commands: readonly Dispatched<O>[];
}
