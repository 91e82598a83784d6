// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
// Parses a file with tree-sitter's grammar for a language that has no compiler here, and tells where
// it is none of that language: parse.cjs LANGUAGE FILE
const fs = require("fs");
const path = require("path");
const Parser = require("web-tree-sitter");

function faults(node, found = []) {
  if (node.type === "ERROR" || node.isMissing) found.push(node);
  for (const child of node.children) if (child.hasError) faults(child, found);
  return found;
}

async function main([language, file]) {
  await Parser.init();
  const out = path.join(path.dirname(require.resolve("tree-sitter-wasms/package.json")), "out");
  const parser = new Parser();
  parser.setLanguage(await Parser.Language.load(path.join(out, `tree-sitter-${language}.wasm`)));
  const tree = parser.parse(fs.readFileSync(file, "utf8"));
  for (const node of faults(tree.rootNode))
    console.error(`${file}:${node.startPosition.row + 1}: ${node.text.slice(0, 60)}`);
  process.exitCode = tree.rootNode.hasError ? 1 : 0;
}

main(process.argv.slice(2));
