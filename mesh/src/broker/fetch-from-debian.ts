// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./run-command.ts";

/** The Debian suite that carries a new enough nats-server. */
const suite = "forky";

/**
 * Fetches the Debian package of nats-server into `folder` and returns the binary. Neither root nor an installation is
 * needed: apt reads a sources list and keeps a state of its own in the folder. The mirror is the one that this machine's
 * apt is set up with, and apt checks the signatures with the keys that it trusts.
 *
 * @throws Error when this is not a Debian machine, or apt cannot fetch.
 */
export async function fetchFromDebian(folder: string): Promise<string> {
  const mirrors = await debianMirrors();
  const mirror = mirrors.find((address) => !address.includes("security")) ?? mirrors[0];
  if (mirror === undefined) throw new Error("apt of this machine has no Debian mirror in its configuration");
  const sources = join(folder, "sources.list");
  await mkdir(join(folder, "lists", "partial"), { recursive: true });
  await mkdir(join(folder, "cache", "archives", "partial"), {
    recursive: true,
  });
  await writeFile(sources, `deb ${mirror} ${suite} main\n`);
  const settings = settingsFor(folder, sources);
  await runCommand("apt-get", [...settings, "update"], {
    timeoutMs: 90_000,
    folder,
  });
  await runCommand("apt-get", [...settings, "download", "nats-server"], {
    timeoutMs: 90_000,
    folder,
  });
  const archive = (await readdir(folder)).find((name) => name.endsWith(".deb"));
  if (archive === undefined) throw new Error(`apt-get download left no package of nats-server in "${folder}"`);
  await runCommand("dpkg", ["-x", archive, "unpacked"], {
    timeoutMs: 30_000,
    folder,
  });
  return join(folder, "unpacked", "usr", "sbin", "nats-server");
}

async function debianMirrors(): Promise<readonly string[]> {
  const format = "$(ORIGIN)|$(COMPONENT)|$(REPO_URI)";
  const lines = await runCommand("apt-get", ["indextargets", "--format", format], { timeoutMs: 20_000 });
  const rows = lines.split("\n").map((line) => line.split("|"));
  return rows.flatMap(([origin, component, uri]) => (origin === "Debian" && component === "main" && uri ? [uri] : []));
}

function settingsFor(folder: string, sources: string): readonly string[] {
  const settings = {
    "Dir::Etc::sourcelist": sources,
    "Dir::Etc::sourceparts": "-",
    "Dir::State": folder,
    "Dir::State::lists": join(folder, "lists"),
    "Dir::Cache": join(folder, "cache"),
    // The sandbox user of apt may not write into our folder; as whoever runs this, it may.
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
    "Acquire::Retries": "1",
    "Acquire::http::Timeout": "15",
    "Acquire::https::Timeout": "15",
  };
  return ["-qq", ...Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`])];
}
