// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Segment, shapeOf } from "@parley/mesh/contracts";
import type { RequestPath } from "./request-path.ts";
import type { Route } from "./route.ts";

/** What a request line leads to. */
export type Found =
  | { readonly kind: "route"; readonly route: Route }
  /** The path is known, but not by this HTTP method. */
  | { readonly kind: "other-methods"; readonly allowed: readonly string[] }
  | { readonly kind: "nothing" };

/** Two methods of the mesh that want the same requests; the second one is not served. */
export interface Conflict {
  readonly kept: Route;
  readonly refused: Route;
}

/** Routes by HTTP method, `*` for any. */
type Leaf = Map<string, Route>;

interface Node {
  readonly literals: Map<string, Node>;
  one: Node | undefined;
  /** Templates that end here, by verb; empty text: without. */
  readonly ends: Map<string, Leaf>;
  /** Templates whose `**` begins here, by verb. */
  readonly rests: Map<string, Leaf>;
}

/**
 * Finds the route of a request. Where several templates match a path, the one that is more exact at the first segment in
 * which they differ wins: a literal before `*` before `**`; a template with the path's verb wins over one that takes the
 * colon as part of a segment.
 */
export class RouteTable {
  readonly routes: readonly Route[];
  readonly conflicts: readonly Conflict[];
  readonly #root: Node = emptyNode();

  /** Of routes in conflict the first one is served. */
  constructor(routes: Iterable<Route>) {
    const kept = new Map<string, Route>();
    const conflicts: Conflict[] = [];
    for (const route of routes) {
      const { httpMethod, template } = route.binding;
      const key = `${httpMethod} ${shapeOf(template)}`;
      const holder = kept.get(key);
      if (holder !== undefined) conflicts.push({ kept: holder, refused: route });
      else {
        kept.set(key, route);
        this.#add(route);
      }
    }
    this.routes = [...kept.values()];
    this.conflicts = conflicts;
  }

  /** HEAD is answered where GET is. */
  find(httpMethod: string, path: RequestPath): Found {
    const allowed = new Set<string>();
    for (const { segments, verb } of path.readings) {
      for (const leaf of matches(this.#root, segments, verb)) {
        const route = leaf.get(httpMethod) ?? leaf.get("*") ?? (httpMethod === "HEAD" ? leaf.get("GET") : undefined);
        if (route !== undefined) return { kind: "route", route };
        for (const one of leaf.keys()) allowed.add(one);
      }
    }
    if (allowed.size === 0) return { kind: "nothing" };
    if (allowed.has("GET")) allowed.add("HEAD");
    return { kind: "other-methods", allowed: [...allowed].sort() };
  }

  #add(route: Route): void {
    const { httpMethod, template } = route.binding;
    let node = this.#root;
    for (const segment of template.segments) {
      if (segment.kind === "rest") {
        leafAt(node.rests, template.verb).set(httpMethod, route);
        return;
      }
      node = child(node, segment);
    }
    leafAt(node.ends, template.verb).set(httpMethod, route);
  }
}

function* matches(node: Node, segments: readonly string[], verb: string, at = 0): Iterable<Leaf> {
  const segment = segments[at];
  if (segment === undefined) {
    yield* some(node.ends.get(verb));
  } else {
    const literal = node.literals.get(segment);
    if (literal !== undefined) yield* matches(literal, segments, verb, at + 1);
    // An empty segment, as a slash at the end makes one, is no value.
    if (node.one !== undefined && segment !== "") yield* matches(node.one, segments, verb, at + 1);
  }
  yield* some(node.rests.get(verb));
}

function* some(leaf: Leaf | undefined): Iterable<Leaf> {
  if (leaf !== undefined) yield leaf;
}

function child(node: Node, segment: Segment): Node {
  if (segment.kind !== "literal") {
    node.one ??= emptyNode();
    return node.one;
  }
  const known = node.literals.get(segment.text);
  if (known !== undefined) return known;
  const made = emptyNode();
  node.literals.set(segment.text, made);
  return made;
}

function leafAt(leaves: Map<string, Leaf>, verb = ""): Leaf {
  const known = leaves.get(verb);
  if (known !== undefined) return known;
  const made: Leaf = new Map();
  leaves.set(verb, made);
  return made;
}

function emptyNode(): Node {
  return { literals: new Map(), one: undefined, ends: new Map(), rests: new Map() };
}
