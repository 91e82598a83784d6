#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Writes manifests as inputs of manifest_fuzz: one with each key of the schema, and those of examples/.

    manifest_seeds.py DIRECTORY
"""

import glob
import json
import os
import sys

with open("capture/manifest/sockfixture.schema.json", encoding="utf-8") as file:
    SCHEMA = json.load(file)

VALUES = {
    "text": "x",
    "texts": ["x", "y"],
    "command": ["x", ""],
    "size": "64K",
    "environment": {"A": "b", "C": None},
}


def value(schema):
    name = schema.get("$ref", "").rpartition("/")[2]
    if name in VALUES:
        return VALUES[name]
    if name:
        return value(SCHEMA["$defs"][name])
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return value(schema["anyOf"][-1])
    if schema["type"] == "object":
        return {key: value(of) for key, of in schema["properties"].items()}
    if schema["type"] == "array":
        return [value(schema["items"])]
    return {"boolean": True, "integer": 1, "number": 1.5, "string": "x"}[schema["type"]]


whole = value(SCHEMA)
texts = {"whole": whole, "escapes": {"fixtures": [{"n\u00e4": "\u2028"}]}, "empty": {"fixtures": []}}
for key, of in whole["fixtures"][0].items():
    texts[key] = {"fixtures": [{"name": "x", "command": "x", key: of}]}
for name, manifest in texts.items():
    with open(os.path.join(sys.argv[1], name), "w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=len(name) % 3 or None)
for path in glob.glob("examples/**/sockfixture.json", recursive=True):
    with open(path, "rb") as source, open(os.path.join(sys.argv[1], path.replace("/", "-")), "wb") as file:
        file.write(source.read())
