// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

const form = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/;

/** Whether an agent can be called so: dotted lower case, e.g. `outreach.sms`. */
export function isAgentName(name: string): boolean {
  return form.test(name);
}
