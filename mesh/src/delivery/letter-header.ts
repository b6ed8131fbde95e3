// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Header of a message that was redriven: the dead letter that it comes out of. */
export const letterHeader = "parley-letter";
