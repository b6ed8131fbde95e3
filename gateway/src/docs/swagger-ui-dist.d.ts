// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** The package brings no types. Its main entry loads the renderer itself, which is for browsers; this one only says where it is. */
declare module "swagger-ui-dist/absolute-path.js" {
  /** The folder of its files. */
  export default function absolutePath(): string;
}
