#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors
//
// Starts the command line with a Node that is new enough. This file itself must run on every Node from 12 on: no `node:`
// imports, no `?.`, no top-level await.

// biome-ignore-start lint/style/useNodejsImportProtocol: Node 12 does not know the protocol
import { spawn } from "child_process";
import fs from "fs";
import nodeModule from "module";
import path from "path";
import { fileURLToPath, pathToFileURL } from "url";

// biome-ignore-end lint/style/useNodejsImportProtocol: Node 12 does not know the protocol

const needed = 24;
const here = path.dirname(fs.realpathSync(fileURLToPath(import.meta.url)));

if (major(process.versions.node) >= needed) run();
else runWithNewerNode();

/** Runs the command line in this process: its source in the repository, its compiled form in an installed package. */
function run() {
  if (nodeModule.enableCompileCache) nodeModule.enableCompileCache();
  const source = path.join(here, "../src/main.ts");
  const main = fs.existsSync(source) ? source : path.join(here, "../dist/main.js");
  import(pathToFileURL(main).href).catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
}

/** Runs this file again with the project's own Node, and ends as that one ends. */
function runWithNewerNode() {
  const node = projectNode(process.cwd()) || projectNode(here);
  if (!node) {
    console.error(
      `parley needs Node ${needed} or newer; this is ${process.versions.node}, and the project has none of its own.\n` +
        "Run `npm install --save-dev node` in the project, or install a newer Node from https://nodejs.org.",
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, [fileURLToPath(import.meta.url)].concat(process.argv.slice(2)), { stdio: "inherit" });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  signals.forEach((signal) => {
    process.on(signal, () => child.kill(signal));
  });
  child.on("error", (error) => {
    console.error(`"${node}" cannot be run: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    if (!signal) process.exit(code);
    // Whoever started this shall see the same end.
    signals.forEach((name) => {
      process.removeAllListeners(name);
    });
    process.kill(process.pid, signal);
  });
}

/** The binary of the npm package `node` in the nearest node_modules upward that has a new enough one. */
function projectNode(folder) {
  const home = path.join(folder, "node_modules/node");
  const binary = path.join(home, process.platform === "win32" ? "bin/node.exe" : "bin/node");
  if (fs.existsSync(binary) && major(versionIn(home)) >= needed) return binary;
  const parent = path.dirname(folder);
  return parent === folder ? undefined : projectNode(parent);
}

function versionIn(home) {
  try {
    return JSON.parse(fs.readFileSync(path.join(home, "package.json"), "utf8")).version;
  } catch {
    return "0";
  }
}

function major(version) {
  return Number(String(version).split(".")[0]);
}
