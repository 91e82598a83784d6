// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
// Parses files with tree-sitter's grammar for a language that has no compiler here, and tells where
// they are none of that language: parse.cjs LANGUAGE FILE...
const fs = require("fs");
const path = require("path");
const Parser = require("web-tree-sitter");

function faults(node, found = []) {
  if (node.type === "ERROR" || node.isMissing) found.push(node);
  for (const child of node.children) if (child.hasError) faults(child, found);
  return found;
}

async function main([language, ...files]) {
  await Parser.init();
  const out = path.join(path.dirname(require.resolve("tree-sitter-wasms/package.json")), "out");
  const parser = new Parser();
  parser.setLanguage(await Parser.Language.load(path.join(out, `tree-sitter-${language}.wasm`)));
  for (const file of files) {
    const root = parser.parse(fs.readFileSync(file, "utf8")).rootNode;
    for (const { startPosition, text } of faults(root))
      console.error(`${file}:${startPosition.row + 1}: ${text.slice(0, 60)}`);
    if (root.hasError) process.exitCode = 1;
  }
}

main(process.argv.slice(2));
