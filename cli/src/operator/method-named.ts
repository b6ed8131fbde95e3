// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Contracts, type MethodContract, nearNames } from "@parley/mesh/contracts";
import { UsageError } from "../usage-error.ts";

/**
 * The method that is meant by a name: `package.Service/Method`, or the end of it where only one method ends so. The dot
 * of other tools is taken for the slash.
 *
 * @throws UsageError when there is none, or several
 */
export function methodNamed(contracts: Contracts, name: string): MethodContract {
  const methods = contracts.services.flatMap(({ methods }) => methods.map((desc) => contracts.method(desc)));
  const wanted = name.toLowerCase();
  const found = methods.filter((method) => {
    const full = method.name.toLowerCase();
    return [full, full.replace("/", ".")].some(
      (known) => known === wanted || known.endsWith(`.${wanted}`) || known.endsWith(`/${wanted}`),
    );
  });
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (found.length > 1) throw new UsageError(`"${name}" could be several methods:`, ...listed(found));
  const last = wanted.split(/[./]/).at(-1) ?? "";
  const near = methods.filter(({ desc }) => {
    const known = desc.name.toLowerCase();
    return last !== "" && (known.includes(last) || last.includes(known) || nearNames(last, [known]).length > 0);
  });
  throw new UsageError(
    `no method "${name}" is known here`,
    ...(near.length > 0 ? ["Did you mean:", ...listed(near)] : []),
    "`parley contracts` lists all of them.",
  );
}

function listed(methods: readonly MethodContract[]): readonly string[] {
  return methods.map(({ name }) => `  ${name}`);
}
