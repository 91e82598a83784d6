#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Compares what the program takes for a manifest with what the schema does.

    manifests.py SOCKFIXTURE SCHEMA

For every key there are manifests with values that are right or wrong: with all of these for one key of
each kind, with a few for the others.
"""

import json
import subprocess
import sys

import jsonschema

FEW = ["x", 1, True, ["x"], {}, [["x"]]]
ALL = [
    "x",
    "",
    "64K",
    "1.5",
    0,
    1,
    -1,
    1.5,
    True,
    None,
    [],
    ["x"],
    ["x", ""],
    ["", "x"],
    [1],
    {},
    {"A": "b", "C": None},
    {"A=": "b"},
    [["x"]],
    [{"command": "x", "background": True}],
    [{"output": "y"}],
]


def manifests(schema):
    yield {}
    yield []
    yield {"fixtures": {}}
    seen = []
    for name, of in (
        ("fixture", {}),
        ("emit", {"output": "y"}),
        ("step", {"command": "x"}),
        ("step", {"command": "x", "wait": "y"}),
    ):
        yield from within(name, of, "no-such-key", 1)
        for key, kind in schema["$defs"][name]["properties"].items():
            for value in values(kind, seen):
                yield from within(name, of, key, value)
    for key, kind in schema["properties"].items():
        for value in values(kind, seen):
            yield {"fixtures": [], key: value}


def values(kind, seen):
    kind = {key: value for key, value in kind.items() if key != "description"}
    if kind in seen:
        return FEW
    seen.append(kind)
    return ALL


def within(name, of, key, value):
    fixture = {"name": "a", "command": "x"}
    if name == "fixture":
        fixture[key] = value
    else:
        fixture["emit" if name == "emit" else "setup"] = [{**of, key: value}]
    yield {"fixtures": [fixture]}


def takes(program, manifest):
    with open("sockfixture.json", "w", encoding="utf-8") as file:
        json.dump(manifest, file)
    result = subprocess.run([program, "--list"], capture_output=True, text=True)
    assert result.returncode in (0, 2), result
    return result.returncode == 0, result.stderr


def check_options(program, validator):
    """How often the schema does not say what an option takes, of what it can say."""
    wrong = 0
    for name, values, refused in (
        ("fixture", {"frame": "htpp"}, True),
        ("fixture", {"frame": "len:2:3"}, False),
        ("fixture", {"frame": "len:0:4:le:-4"}, False),
        ("fixture", {"frame": "len:0:4:4"}, True),
        ("fixture", {"frame": "len:0:5"}, True),
        ("fixture", {"backend": "sycall"}, True),
        ("fixture", {"backend": "auto"}, False),
        ("fixture", {"duration": 3000000000}, False),
        ("fixture", {"duration": 4000000000}, True),
        ("emit", {"lang": "go", "bytes": "hex"}, False),
        ("emit", {"lang": "go", "bytes": "octal"}, True),
        ("emit", {"lang": "go", "template": "x.mustache"}, True),
    ):
        fixture = {"name": "a", "command": "x"}
        if name == "fixture":
            fixture.update(values)
        else:
            fixture["emit"] = [{"output": "y", **values}]
        manifest = {"fixtures": [fixture]}
        takes(program, manifest)
        if refuses_later(program) != refused or validator.is_valid(manifest) == refused:
            wrong += 1
            print(f"{json.dumps(manifest)}: both should {'refuse' if refused else 'take'} it")
    return wrong


def refuses_later(program):
    """Does an option refuse it, before anything runs? The schema may know that already."""
    result = subprocess.run([program, "--check"], capture_output=True, text=True)
    return result.stderr.startswith("sockfixture: sockfixture.json:")


def main():
    program, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    counts, wrong = [0, 0], check_options(program, validator)
    for manifest in manifests(schema):
        taken, said = takes(program, manifest)
        counts[taken] += 1
        valid = validator.is_valid(manifest)
        if taken != valid and not (taken and refuses_later(program)):
            wrong += 1
            print(f"{json.dumps(manifest)}: the program: {said or 'takes it'}; the schema does not")
    print(f"{counts[True]} taken, {counts[False]} refused, {wrong} otherwise by the schema")
    sys.exit(wrong > 0 or min(counts) < 50)


if __name__ == "__main__":
    main()
