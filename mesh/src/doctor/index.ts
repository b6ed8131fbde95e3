// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

export { type ExamineOptions, examine } from "./examine.ts";
export { type Finding, type FindingCode, findingCodes, type Severity } from "./finding.ts";
export { type HearerRemoval, type RemovedPlace, removeHearer } from "./remove-hearer.ts";
