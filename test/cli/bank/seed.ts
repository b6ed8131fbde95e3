// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Host } from "@parley/mesh";
import { AccountService } from "../../gen/parley/test/v1/account_pb.js";

/** Opens an account in a fresh bank. */
export async function seed(mesh: Pick<Host, "client">): Promise<void> {
  await mesh.client(AccountService).deposit({ account: "ada", amount: 10n, requestId: "seed" });
}
