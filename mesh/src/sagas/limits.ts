// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Steps that one run of a saga may have. */
export const maxSteps = 1_000;

/** Bytes of one request, reply or event that a history holds. */
export const maxStepBytes = 256 * 1024;

/** Bytes of all requests, replies and events of one run together. */
export const maxHistoryBytes = 4 * 1024 * 1024;

/** Bytes of records that one stored event holds; the broker takes a little less than a mebibyte. */
export const maxRecordedBytes = 512 * 1024;

/** Milliseconds until something is due, within which a saga is held in memory instead of being left to a wake-up. */
export const holdMs = 5_000;

/** Milliseconds after which what was to move a saga may be gone from EVENTS: a day more than these are kept at least. */
export const lostMs = 8 * 24 * 60 * 60_000;

/** Real milliseconds that the code of a saga may be busy with what is no step of it. */
export const strayMs = 10_000;
