// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, DescService, MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "../calls/client.ts";
import type { Clock } from "../clock.ts";
import type { MessageHeader } from "../header.ts";
import type { Logger } from "../telemetry/logger.ts";

/** What a handler gets beside the message: who asks, how long it may take, and how to reach others. */
export interface Context {
  /** Name of the agent whose handler this is. */
  readonly agent: string;
  readonly header: MessageHeader;
  /** Short for `header.messageId`. */
  readonly messageId: string;
  /** Same for every repeat of the same request: the field that the contract names, else the message id. */
  readonly idempotencyKey: string;
  /** Aborts when the handler's time is over or its caller gave up. */
  readonly signal: AbortSignal;
  /** The mesh's clock: contract time, set by hand in tests. */
  readonly clock: Clock;
  readonly logger: Logger;
  /** Calls another agent, because of this message: same flow, same trace, and no longer than this handler may take. */
  client<S extends DescService>(service: S): Client<S>;
  /**
   * Publishes an event because of this message and waits until it is stored. In a hearer its id follows from the message
   * heard: handling it again publishes nothing twice, and publishing something else under that id is MESSAGE_ID_REUSED.
   * In a served method each run publishes anew.
   */
  publish<D extends DescMessage>(event: D, init: MessageInitShape<D>): Promise<void>;
}
