// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Names of the headers that only journals write, beside those of every message. */
export const journalHeader = {
  /** Own contiguous number of an event within its key, from 1. */
  version: "parley-version",
  /** Id of the commit that wrote it. */
  commit: "parley-commit",
  /** What the commit was made for: the same for a repeat of the same message. */
  cause: "parley-cause",
  /** The reply of the commit, as base64 of plain text; on the first event of each key. */
  reply: "parley-reply",
  /** On a snapshot: how many messages of the commit lie between the key's last event and it, itself included. */
  offset: "parley-offset",
  /** On a snapshot: the journal's version that it was folded with. */
  journalVersion: "parley-journal-version",
} as const;
