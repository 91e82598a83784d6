#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What the benchmarks measured, as tables in Markdown and as a plot in SVG.

    tests/bench/report.py [--readme FILE] DIR

Reads host.json and guest.json in DIR, the results that there are, and writes README.md and plot.svg
there. With --readme the short table takes the place of the one between <!-- bench --> and
<!-- end --> in FILE.
"""

import argparse
import json
import os
from html import escape

COLOURS = {
    "hooks alone": "#b9c7d3",
    "socket": "#1b5e9b",
    "syscall": "#2f86c9",
    "ptrace": "#7fb7df",
    "strace": "#c2521d",
    "strace --seccomp-bpf": "#e08a4f",
    "bpftrace": "#7a7a7a",
    "BCC": "#b0b0b0",
}
BEGIN, END = "<!-- bench -->", "<!-- end -->"


def share(value):
    if value is None:
        return "–"
    digits = 0 if value[0] >= 0.095 else 1
    low, high = (f"{100 * one:.{digits}f}" for one in value[1:])
    return f"{100 * value[0]:.{digits}f} % ({low}–{high})"


def lost(row, tool):
    """Of the messages that were sent, how many are not in what the tool wrote."""
    sent, gone = row["sent"].get(tool, 0), row["lost"].get(tool, 0)
    if not sent or not gone:
        return ""
    part = 100 * gone / sent
    return f", lost {part:.0f} %" if part >= 1 else f", lost {gone} of {sent}"


def table(head, lines):
    yield "| " + " | ".join(head) + " |"
    yield "|---" + "|--:" * (len(head) - 1) + "|"
    for line in lines:
        yield "| " + " | ".join(line) + " |"
    yield ""


def speed_lines(rows, tools):
    for row in rows:
        cells = [share(row["shares"].get(tool)) + lost(row, tool) for tool in tools]
        yield [row["name"], f"{row['speed'][0]:,.0f}/s", *cells]


def milliseconds(value):
    return f"{value[0]:.1f} ms ({value[1]:.1f}–{value[2]:.1f})"


STARTS = {"start": "a command runs after", "true": "`true` takes", "end": "ends after its command"}


def start_lines(results, tools):
    """As rows of the table of speeds: there, the second column is no capture."""
    by_name = {one["name"]: one for one in results["start"]}
    for key, name in STARTS.items():
        cells = [by_name[tool][key] if tool in by_name else None for tool in ("no capture", *tools)]
        yield [name, *(milliseconds(cell) if cell else "–" for cell in cells)]
    cells = [by_name[tool]["peak KiB"] if tool in by_name else None for tool in tools]
    yield ["memory then", "", *(f"{cell / 1024:.1f} MiB" if cell else "–" for cell in cells)]


def memory_table(results):
    rows = [row for row in results["rows"] + results["growth"] if not row["bystander"]]
    tools = [tool for tool in results["tools"] if any(row["peak KiB"].get(tool) for row in rows)]
    lines = []
    for row in rows:
        cells = [row["peak KiB"].get(tool) for tool in tools]
        lines.append([row["name"], *(f"{cell / 1024:.1f} MiB" if cell else "–" for cell in cells)])
    return table(["most memory", *tools], lines) if tools else []


def made_on(results):
    machine = results["machine"]
    versions = ", ".join(version for version in results["versions"] if version)
    yield (
        f"Linux {machine['kernel']}, {machine['processors']} processors ({machine['processor']}), "
        f"load {machine['load']} when it began; {versions}. "
        f"{results['rounds']} rounds of {results['milliseconds']} ms: the median, (least–most), of the "
        "speed without capture. Who is recorded runs on one processor, the recorder on another; those that "
        "stop whom they record (ptrace, strace) may choose. strace "
        "writes every byte (`-f -xx -s 8388608 -e trace=%network,read,write`), bpftrace 200 of each "
        "message, BCC 4096."
    )
    if "hooks alone" in results["tools"]:
        yield (
            "`hooks alone` records nothing: two BPF programs that do nothing are called where `syscall` has its "
            "own, so this is the kernel's part of what that costs."
        )
    for name, reason in results["absent"].items():
        yield f"`{name}` cannot run here: {reason}."
    yield ""


def main_table(results, rows):
    tools = results["tools"]
    lines = list(speed_lines(rows, tools))
    if results["start"]:
        lines += start_lines(results, tools)
    return table(["", "no capture", *tools], lines) if lines else []


def markdown(results):
    tools = results["tools"]
    lines = [*made_on(results), *main_table(results, results["rows"])]
    if results["growth"]:
        some = [tool for tool in tools if tool in results["growth"][0]["shares"]]
        lines += table(
            ["ping-pong stream", "no capture", *some], speed_lines(results["growth"], some)
        )
    lines += memory_table(results)
    return "\n".join(lines)


GUEST = "What needs kprobes or BPF trampolines, in a guest that QEMU emulates (so these are an emulator's):"


def summary(all_results):
    """The same in fewer lines, for people in a hurry; paths are those of the README."""
    lines = ["![Speed while recorded, of that without capture](tests/bench/results/plot.svg)", ""]
    for number, results in enumerate(all_results):
        lines += ["", GUEST, ""] if number else []
        lines += main_table(results, results["rows"])
        lines += made_on(results)
    lines += ["", "[tests/bench/results](tests/bench/results) has all of it."]
    return "\n".join(lines)


def replace(path, text):
    """Puts text between the marks in the file, in place of what is there."""
    with open(path) as file:
        before, rest = file.read().split(BEGIN + "\n", 1)
    after = rest.split(END, 1)[1]
    with open(path, "w") as file:
        file.write(f"{before}{BEGIN}\n{text.rstrip()}\n{END}{after}")


LEFT, WIDTH, BAR, GAP, TOP = 270, 520, 9, 12, 70


def bar(row, tool, y):
    """A bar as long as the median, and a line from the least to the most."""
    middle, low, high = (min(one, 1.15) * WIDTH for one in row["shares"][tool])
    label = f"{row['name']}, {tool}: {share(row['shares'][tool])}{lost(row, tool)}"
    yield f"<g><title>{escape(label)}</title>"
    yield f'<rect x="{LEFT}" y="{y}" width="{middle:.1f}" height="{BAR - 1}" fill="{COLOURS[tool]}"/>'
    centre = y + (BAR - 1) / 2
    yield (
        f'<line x1="{LEFT + low:.1f}" x2="{LEFT + high:.1f}" y1="{centre}" y2="{centre}" '
        'stroke="#000" stroke-opacity="0.55"/></g>'
    )


def legend(tools):
    x = LEFT
    for tool in tools:
        yield f'<rect x="{x}" y="38" width="10" height="10" fill="{COLOURS[tool]}"/>'
        yield f'<text x="{x + 14}" y="47">{escape(tool)}</text>'
        x += 34 + 7 * len(tool)


def scale(height):
    for percent in (0, 25, 50, 75, 100):
        x = LEFT + WIDTH * percent / 100
        yield f'<line x1="{x}" x2="{x}" y1="{TOP - 6}" y2="{height - 8}" stroke="#ccc"/>'
        yield f'<text x="{x}" y="{TOP - 9}" text-anchor="middle" fill="#666">{percent} %</text>'


def plot(results):
    rows, y, bars = results["rows"] + results["growth"], TOP, []
    for row in rows:
        tools = [tool for tool in results["tools"] if tool in row["shares"]]
        middle = y + BAR * len(tools) / 2 + 4
        bars.append(
            f'<text x="{LEFT - 10}" y="{middle}" text-anchor="end">{escape(row["name"])}</text>'
        )
        for tool in tools:
            bars += bar(row, tool, y)
            y += BAR
        y += GAP
    width = LEFT + int(WIDTH * 1.15) + 20
    kernel = escape(results["machine"]["kernel"])
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" '
            f'viewBox="0 0 {width} {y}" font-family="sans-serif" font-size="11">',
            '<rect width="100%" height="100%" fill="#fff"/>',
            f'<text x="{LEFT}" y="20" font-size="14">Speed while recorded, of that without capture '
            f"(Linux {kernel})</text>",
            *legend(results["tools"]),
            *scale(y),
            *bars,
            "</svg>",
            "",
        ]
    )


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--readme")
    parser.add_argument("folder")
    options = parser.parse_args()
    all_results = []
    for name in ("host.json", "guest.json"):
        path = os.path.join(options.folder, name)
        if os.path.exists(path):
            with open(path) as file:
                all_results.append(json.load(file))
    parts = ["# What recording costs\n", "Made by `make bench` and `make bench-vm`.\n", "![](plot.svg)\n"]
    parts += [f"## Linux {one['machine']['kernel']}\n\n{markdown(one)}" for one in all_results]
    write(os.path.join(options.folder, "README.md"), "\n".join(parts))
    write(os.path.join(options.folder, "plot.svg"), plot(all_results[0]))
    if options.readme:
        replace(options.readme, summary(all_results))


if __name__ == "__main__":
    main()
