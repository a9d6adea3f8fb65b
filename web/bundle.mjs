// What the pages' builds share: bundles, licences, C++ arrays. Nothing is downloaded.
import { readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const here = dirname(fileURLToPath(import.meta.url));

// What the licences of the bundled libraries want repeated.
export async function licences() {
  const notice = await readFile(join(here, "node_modules/echarts/NOTICE"), "utf8");
  const d3 = await readFile(join(here, "node_modules/echarts/licenses/LICENSE-d3"), "utf8");
  const zrender = await readFile(join(here, "node_modules/zrender/LICENSE"), "utf8");
  return `/*!\n${notice.trim()}\nLicensed under the Apache License, Version 2.0: http://www.apache.org/licenses/LICENSE-2.0\n\nIt holds parts of d3.js:\n${d3.trim()}\n\nIt draws with zrender:\n${zrender.trim()}\n*/`;
}

export async function bundle(entry, options) {
  const result = await build({
    entryPoints: [join(here, "src", entry)],
    bundle: true,
    minify: true,
    write: false,
    target: ["chrome105", "firefox110", "safari15.4"],
    legalComments: "none",
    logLevel: "warning",
    ...options,
  });
  return result.outputFiles[0].text.trim();
}

/// A script for all browsers that are current.
export const script = (entry) => bundle(entry, { format: "iife", define: { "process.env.NODE_ENV": '"production"' } });

/// `text` in parts, as compilers limit a literal's length. No part ends inside a character.
export function parts(text) {
  const characters = Array.from(text);
  const pieces = [];
  for (let i = 0; i < characters.length; i += 12000) pieces.push(characters.slice(i, i + 12000).join(""));
  return pieces;
}

/// C++ arrays NAME0, NAME1, ... of texts, and views of them all for an initialiser. Arrays know their sizes: nobody
/// counts characters at compile time.
export function cppArrays(name, texts) {
  if (texts.some((text) => text.includes(')page"'))) throw new Error(`${name} can't be embedded`);
  return {
    arrays: texts.map((text, i) => `constexpr char ${name}${i}[] = R"page(${text})page";`).join("\n"),
    views: texts.map((_, i) => `{${name}${i}, sizeof ${name}${i} - 1}`).join(", "),
  };
}

/// Writes a file whole or not at all.
export async function writeWhole(file, text) {
  await writeFile(`${file}.part`, text);
  await rename(`${file}.part`, file);
}
