// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Contracts } from "@parley/mesh/contracts";

/**
 * The contracts without the methods that nobody outside may reach, and without services of which nothing is left then. Who
 * asks the gateway by reflection cannot tell such a method from one that was never written.
 */
export function publicPart(contracts: Contracts): Contracts {
  const files = fromBinary(FileDescriptorSetSchema, contracts.fileDescriptorSet);
  for (const file of files.file) {
    const scope = file.package === "" ? "" : `${file.package}.`;
    for (const service of file.service) {
      service.method = service.method.filter(({ name }) => isPublic(contracts, `${scope}${service.name}/${name}`));
    }
    file.service = file.service.filter(({ method }) => method.length > 0);
  }
  return Contracts.decode(toBinary(FileDescriptorSetSchema, files));
}

function isPublic(contracts: Contracts, name: string): boolean {
  return contracts.methodNamed(name)?.exposure === "PUBLIC";
}
