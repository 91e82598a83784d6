#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Runs the examples of sockfixture-templates(5), and says which do not give what the page says.

    manual.py SOCKFIXTURE PAGE

An example is a line of the page, `.D1 Li TEMPLATE No gives Li TEXT`, or two displays, one after a
comment `.\\" template` and one after `.\\" gives`. Comments say how the lines after them are run:
`.\\" in exchanges request` inside these sections, `.\\" with --call parse` with these options, and
nothing after the word ends it. The recording is the one that the page shows after `.\\" recording`.
"""

import os
import re
import subprocess
import sys
import tempfile

ARGUMENT = r'("(?:[^"]|"")*"|\S+)'
EXAMPLE = re.compile(rf"\.D1 Li {ARGUMENT} No gives Li {ARGUMENT}$")
COMPOSE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "compose.py")


def plain(text):
    """What roff makes of an argument or a line of a display."""
    if text.startswith('"'):
        text = text[1:-1].replace('""', '"')
    return re.sub(r"\\(e|&|:|\(dq)", lambda m: {"e": "\\", "(dq": '"'}.get(m[1], ""), text)


def displays(lines):
    """Yields (line number, comment before it, text) for each display."""
    comment, text, inside = "", [], False
    for number, line in enumerate(lines, 1):
        if line.startswith('.\\" '):
            comment = line[4:]
        elif line.startswith(".Bd"):
            text, inside = [], True
        elif line == ".Ed":
            yield number, comment, "".join(text)
            comment, inside = "", False
        elif inside:
            text.append(plain(line) + "\n")


def examples(lines):
    """Yields (line number, sections, options, template, expected)."""
    within, options = [], []
    for number, line in enumerate(lines, 1):
        if line.startswith('.\\" in'):
            within = line[6:].split()
        elif line.startswith('.\\" with'):
            options = line[8:].split()
        example = EXAMPLE.match(line)
        if example:
            yield number, within, options, plain(example[1]), plain(example[2])
    template = None
    for number, comment, text in displays(lines):
        if comment == "template":
            template = text
        elif comment == "gives":
            yield number, [], [], template, text


def run(program, recording, within, options, template):
    head = re.match(r"(\{\{![^}]*\}\})*", template)[0]
    opening = "".join("{{#%s}}" % name for name in within)
    closing = "".join("{{/%s}}" % name for name in reversed(within))
    with tempfile.TemporaryDirectory() as folder:
        source, out = os.path.join(folder, "x.mustache"), os.path.join(folder, "table.txt")
        with open(source, "w", encoding="utf-8") as file:
            file.write(head + opening + template[len(head) :] + closing)
        command = [program, "-q", "-r", "-", "--template", source, "-o", out, *options]
        subprocess.run(command, input=recording, check=True)
        if os.path.isdir(out):
            index = next(name for name in os.listdir(out) if not name.endswith(".bin"))
            out = os.path.join(out, index)
        with open(out, encoding="utf-8") as file:
            return file.read()


def main():
    program, page = sys.argv[1:]
    with open(page, encoding="utf-8") as file:
        lines = file.read().splitlines()
    script = next(text for _, comment, text in displays(lines) if comment == "recording")
    recording = subprocess.run(
        [COMPOSE], input=script.encode(), stdout=subprocess.PIPE, check=True
    ).stdout
    count = wrong = 0
    for number, within, options, template, expected in examples(lines):
        count += 1
        found = run(program, recording, within, options, template)
        if found != expected:
            wrong += 1
            print(f"{page}:{number}: {template!r} gives {found!r}, not {expected!r}")
    print(f"{count} examples, {wrong} wrong")
    sys.exit(wrong > 0 or count == 0)


if __name__ == "__main__":
    main()
