// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { findMesh, type MeshChoice } from "../state/find-mesh.ts";
import { transportTo } from "./transport.ts";

/** A client of a service of the mesh that is meant, at its operator's door; nothing is connected until the first call. */
export function meshClient<Service extends DescService>(service: Service, choice: MeshChoice): Client<Service> {
  return createClient(service, transportTo(findMesh(choice)));
}
