// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Host, MeshError } from "@parley/mesh";
import { HealthBoard, openPort } from "@parley/mesh/calls";
import { answersTo } from "./answers.ts";
import { front } from "./front.ts";
import { isLoopback } from "./loopback.ts";
import { Offer, type Offered } from "./offer.ts";
import { Comments } from "./openapi/comments.ts";
import { publicPart } from "./public-part.ts";
import { restRoutes } from "./rest/rest-routes.ts";
import { type Served, serving, servingNothing } from "./served.ts";
import { ServedHealth } from "./served-health.ts";

/** Which methods a gateway serves: those whose contract says EXPOSURE_PUBLIC, or all. */
export type Exposed = "PUBLIC" | "ALL";

/** How a gateway is opened. */
export interface GatewayOptions {
  /**
   * By which it knows the mesh and calls into it, in the name of agent `gateway`: where a contract asks for a permission,
   * an agent of that name has to hold it. The host must stay until the gateway has drained.
   */
  readonly host: Host;
  /** 0: a free one. */
  readonly port: number;
  /** Address to listen on; default 127.0.0.1, so nobody outside this machine gets in. */
  readonly address?: string | undefined;
  /** Warning: with ALL whoever reaches the port can do whatever the mesh can; it belongs on loopback. */
  readonly exposure: Exposed;
  /** Milliseconds that draining waits for calls in progress; default 10 000. Streams get 2 000 of them: watches never end. */
  readonly drainMs?: number | undefined;
  /**
   * Milliseconds for which a service without instances is still answered with UNAVAILABLE, which clients repeat, and not
   * with UNIMPLEMENTED, which they do not; default 60 000.
   */
  readonly lingerMs?: number | undefined;
  /**
   * Descriptor sets with source information, as `buf build -o contracts.binpb` writes them: what contracts besides Parley's
   * own say in comments is told in the OpenAPI document then.
   */
  readonly comments?: readonly Uint8Array[] | undefined;
}

/** An open gateway. Disposing of it drains. */
export interface Gateway extends AsyncDisposable {
  /** E.g. `http://127.0.0.1:8080`; no slash at the end. */
  readonly url: string;
  /** Takes no more calls, finishes those in progress, closes the port. Safe to call again. The host stays. */
  drain(): Promise<void>;
}

/** Milliseconds that streams may go on while the gateway drains. */
const streamGraceMs = 2_000;

/**
 * Opens the mesh to the outside: one port on which every exposed method of every service in the directory answers over
 * Connect, gRPC and gRPC-Web, and by the REST path that its contract gives it, by the contracts that its instances brought. Services come and go while it is open. Resolves
 * when what the directory knows is served.
 *
 * @throws MeshError PORT_UNAVAILABLE when the port is taken or not allowed, UNDECODABLE when `comments` is no descriptor set
 */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { host, port, address = "127.0.0.1", exposure, drainMs = 10_000, lingerMs = 60_000 } = options;
  const { send, clock, directory } = host;
  await using opening = new AsyncDisposableStack();
  const draining = new AbortController();
  const streams = new AbortController();
  const board = new HealthBoard();
  const health = opening.use(new ServedHealth(board, directory));

  const comments = new Comments(options.comments ?? []);
  let served: Served = servingNothing(comments);
  const offer = new Offer({
    host,
    part: exposure === "ALL" ? (contracts) => contracts : publicPart,
    lingerMs,
    onOffer(offered: readonly Offered[]) {
      // Calls in progress stay with the answers that they began with.
      const answers = answersTo({ offered, send, health: board, closing: draining.signal });
      served = serving(answers, restRoutes(offered), comments);
      health.add(offered.map(({ service }) => service.typeName));
    },
  });
  opening.use(offer);
  await offer.refresh();

  // Who can do everything here must at least be no web page that somebody on this machine has opened.
  const loopbackOnly = exposure === "ALL" && isLoopback(address);
  const handler = front({ served: () => served, send, clock, closing: streams.signal, loopbackOnly });
  const opened = await openPort({ handler, host: address, port });
  opening.defer(() => opened.drain(drainMs));
  opening.defer(() => {
    health[Symbol.dispose]();
    draining.abort();
    setTimeout(() => streams.abort(goingAway()), Math.min(streamGraceMs, drainMs)).unref();
  });

  const open = opening.move();
  let drained: Promise<void> | undefined;
  const drain = () => {
    drained ??= open.disposeAsync();
    return drained;
  };
  return { url: opened.url, drain, [Symbol.asyncDispose]: drain };
}

function goingAway(): MeshError {
  return new MeshError({ code: "DRAINING", message: "the gateway is shutting down; connect again", mayHaveRun: true });
}
