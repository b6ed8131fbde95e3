// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { styleText } from "node:util";

/** Ways to set text off; each gives the text itself where colour is not wanted. */
export type Style = Readonly<Record<"bold" | "dim" | "red" | "green" | "cyan" | "yellow", (text: string) => string>>;

/** The style for a stream: colours on a terminal, none in a pipe or file, or when NO_COLOR is set. */
export function styleFor(stream: { readonly isTTY?: boolean | undefined }): Style {
  const coloured = stream.isTTY === true && !process.env["NO_COLOR"];
  const paint = (format: keyof Style) => (text: string) =>
    coloured ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: paint("bold"),
    dim: paint("dim"),
    red: paint("red"),
    green: paint("green"),
    cyan: paint("cyan"),
    yellow: paint("yellow"),
  };
}
