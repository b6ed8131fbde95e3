// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** What this cares about in a package.json; the rest is kept as it is. */
export interface Manifest {
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/**
 * The package.json of a tarball: an entry that is a source here is its compiled form there, since Node runs no TypeScript
 * under node_modules. What only the repository needs is left out.
 */
export function publishedManifest({ scripts, devDependencies, exports, ...kept }: Manifest): Manifest {
  if (exports === undefined) return kept;
  const entries = Object.entries(exports).map(([path, target]) => [path, publishedTarget(target)]);
  return { ...kept, exports: Object.fromEntries(entries) };
}

function publishedTarget(target: unknown): unknown {
  const source = typeof target === "string" ? /^\.\/src\/(.+)\.ts$/.exec(target)?.[1] : undefined;
  return source === undefined ? target : { types: `./dist/${source}.d.ts`, default: `./dist/${source}.js` };
}
