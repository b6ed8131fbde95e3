// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** A project of two small agents, one of which keeps accounts: what tests of processes start, since it starts soon. */
export const bank: string = import.meta.dirname;
