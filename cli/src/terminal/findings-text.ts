// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Finding, Severity } from "@parley/mesh/doctor";
import type { Style } from "./style.ts";

/** Findings as lines for people: each with what is the matter and what to do; a count at the end. */
export function findingsText(findings: readonly Finding[], style: Style): readonly string[] {
  const paint = { error: style.red, warning: style.yellow, notice: style.dim };
  const blocks = findings.flatMap(({ severity, code, where, what, next }) => [
    `${paint[severity](severity.padEnd(7))}  ${style.bold(where)}  ${style.dim(code)}`,
    `         ${what}`,
    `         ${next}`,
    "",
  ]);
  return [...blocks, summary(findings)];
}

function summary(findings: readonly Finding[]): string {
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  const [errors, warnings, notices] = [count("error"), count("warning"), count("notice")];
  if (errors + warnings === 0) return notices === 0 ? "All is well." : `All is well (${counted(notices, "notice")}).`;
  return [counted(errors, "error"), counted(warnings, "warning"), counted(notices, "notice")].join(", ");
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
