// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/**
 * What one call may cost, in Connect's own option names: spread it into a router and into transports. Connect's
 * defaults are 4 GiB and no time limit.
 *
 * `requireConnectProtocolHeader` stays off: curl and other plain clients do not send that header.
 */
export const callLimits = {
  /** Bytes of one message, also after decompression. A larger one is refused as `resource_exhausted`. */
  readMaxBytes: 4 * 1024 * 1024,
  /** Bytes of one message that is sent. */
  writeMaxBytes: 4 * 1024 * 1024,
  /**
   * Longest timeout that a caller may ask for; Connect refuses more as `invalid_argument` and does not shorten it. Above
   * the longest timeout of a contract; the contract's own, shorter one is enforced by the pipeline.
   */
  maxTimeoutMs: 10 * 60 * 1000,
  /** Messages nest no deeper than this; protobuf-es allows 100. */
  binaryOptions: { recursionLimit: 32 },
  /** Inside the mesh unknown JSON fields are ignored, so that a caller may be newer than the one who serves. */
  jsonOptions: { recursionLimit: 32, ignoreUnknownFields: true },
} as const;

/** JSON from outside the mesh: an unknown field is an error, since it is a typing mistake or smuggled in. */
export const edgeJsonOptions = { ...callLimits.jsonOptions, ignoreUnknownFields: false } as const;

/** What one port bears; everything has a bound, because Node's own defaults mostly have none. */
export interface PortLimits {
  /** Connections at a time; more are closed at once. */
  readonly maxConnections: number;
  /** Milliseconds until a new connection must have said which protocol it speaks. */
  readonly firstBytesTimeoutMs: number;
  /** Milliseconds for the headers of an HTTP/1.1 request; then 408. `requestTimeoutMs` counts when it is shorter. */
  readonly headersTimeoutMs: number;
  /**
   * Milliseconds for a whole request. HTTP/1.1: then 408. HTTP/2: then the stream is reset, unless its response has begun:
   * a stream in both directions may stay open as long as both sides like.
   */
  readonly requestTimeoutMs: number;
  /** Milliseconds that a connection may stay open without a request. */
  readonly idleTimeoutMs: number;
  /** Requests over one HTTP/1.1 connection; the last is answered with `Connection: close`, a further one by 503. */
  readonly maxRequestsPerSocket: number;
  /**
   * Bytes of all headers of one request; then 431, on HTTP/2 a refused stream. HTTP/2 counts 32 more for each header, and
   * Node allows 64 KiB until the client has acknowledged the limit, which is before its second request.
   */
  readonly maxHeaderBytes: number;
  /** Requests at a time over one HTTP/2 connection; clients queue the rest. Node's default is 4,294,967,295. */
  readonly maxConcurrentStreams: number;
  /** HTTP/2 streams that a client may reset at once before its connection is closed (rapid reset, CVE-2023-44487). */
  readonly streamResetBurst: number;
  /** Resets per second by which that allowance grows again. Node ignores burst and rate unless both are set. */
  readonly streamResetRate: number;
  /** MiB that Node may hold for one HTTP/2 connection; new streams are refused above it. */
  readonly maxSessionMemoryMib: number;
}

/** Default limits of a port. */
export const portLimits: PortLimits = {
  maxConnections: 1000,
  firstBytesTimeoutMs: 10_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  maxRequestsPerSocket: 1000,
  maxHeaderBytes: 8 * 1024,
  maxConcurrentStreams: 250,
  streamResetBurst: 100,
  streamResetRate: 20,
  maxSessionMemoryMib: 64,
};
