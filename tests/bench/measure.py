# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Runs a load by itself and under each tool, in turn, and keeps what came of it."""

import os
import platform
import shutil
import statistics
import subprocess
import sys
import time

ROUNDS = int(os.environ.get("ROUNDS", "7"))
MILLISECONDS = int(os.environ.get("BENCH_MS", "300"))
INCOMPLETE = 3  # the status that says that messages were lost
LIMIT = 600  # seconds that nothing here takes, on however slow a machine


def pinned(processors, command):
    return [shutil.which("taskset"), "-c", str(processors), *command]


def spread(values):
    """The median, the least and the most."""
    return [statistics.median(values), min(values), max(values)] if values else None


def machine():
    with open("/proc/cpuinfo") as file:
        models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    return {
        "kernel": platform.release(),
        "processor": models[0] if models else platform.machine(),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


class Bench:
    def __init__(self, load, folder):
        self.load = load
        self.file = os.path.join(folder, "recorded")
        self.said = os.path.join(folder, "said")
        self.memory = os.path.join(folder, "memory")

    def command(self, arguments):
        return pinned(0, [self.load, "--milliseconds", str(MILLISECONDS), *arguments])

    def alone(self, arguments):
        """How fast the load is when nobody looks: its rounds or messages in a second."""
        done = subprocess.run(
            self.command(arguments), stdout=subprocess.PIPE, check=True, timeout=LIMIT
        )
        return self.speed(done.stdout)

    @staticmethod
    def speed(said):
        count, seconds, _ = said.split()
        return int(count) / float(seconds)

    def begin(self, command, tool):
        """Starts a command under the tool. time(1) has little memory of its own, which counts, too."""
        wrapped = tool.wrap(self.file, command)
        with open(self.said, "wb") as said:
            return subprocess.Popen(
                pinned(tool.processors, ["/usr/bin/time", "-q", "-f", "%M", "-o", self.memory, *wrapped]),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                env=tool.environment(),
            )

    def finish(self, process):
        """Waits for the tool to end. Returns what its command said and the tool's memory, in KiB."""
        said, _ = process.communicate(timeout=LIMIT)
        with open(self.said, encoding="utf-8", errors="replace") as file:
            complaints = file.read()
        if process.returncode not in (0, INCOMPLETE):
            raise subprocess.CalledProcessError(process.returncode, process.args, stderr=complaints)
        with open(self.memory) as file:
            return said, int(file.read())

    def recorded(self, arguments, tool):
        """The speed under the tool, how many messages there were, how many it has, its memory."""
        said, peak = self.finish(self.begin(self.command(arguments), tool))
        sent = int(said.split()[2])
        if not tool.messages:
            return self.speed(said), 0, 0, 0
        got = tool.messages(self.file)
        os.unlink(self.file)
        return self.speed(said), sent, min(got, sent), peak

    def beside(self, arguments, tool):
        """The speed of a load that is not the one recorded."""
        process = self.begin(pinned(1, [self.load, "hold"]), tool)
        process.stdout.readline()  # then it is recorded
        speed = self.alone(arguments)
        self.finish(process)
        return speed

    def row(self, name, arguments, bystander, able):
        all_tools = [tool for tool in able if tool.takes(name)]
        shares = {tool.name: [] for tool in all_tools}
        peaks = {tool.name: [] for tool in all_tools}
        sent, lost = dict.fromkeys(shares, 0), dict.fromkeys(shares, 0)
        speeds = []
        print(f"{time.strftime('%T')} {name}", file=sys.stderr, flush=True)
        for turn in range(ROUNDS):
            first = turn % max(len(all_tools), 1)
            speeds.append(self.alone(arguments))
            for tool in all_tools[first:] + all_tools[:first]:
                if bystander:
                    shares[tool.name].append(self.beside(arguments, tool) / speeds[-1])
                    continue
                speed, there, got, peak = self.recorded(arguments, tool)
                shares[tool.name].append(speed / speeds[-1])
                peaks[tool.name].append(peak)
                sent[tool.name] += there
                lost[tool.name] += there - got
        return {
            "name": name,
            "bystander": bystander,
            "speed": spread(speeds),
            "shares": {name: spread(values) for name, values in shares.items()},
            "sent": sent,
            "lost": lost,
            "peak KiB": {name: max(values, default=0) for name, values in peaks.items()},
        }

    def started(self, tool):
        """Milliseconds until a command under the tool runs, from when it has ended until the tool has
        ended, too, and that `true` takes; and the tool's memory, in KiB."""
        begun = time.monotonic()
        process = self.begin(pinned(0, [self.load, "hold"]), tool)
        runs = float(process.stdout.readline())
        ending = time.monotonic()
        _, peak = self.finish(process)
        ended = time.monotonic()
        self.finish(self.begin(pinned(0, ["true"]), tool))
        whole = time.monotonic() - ended
        return 1000 * (runs - begun), 1000 * (ended - ending), 1000 * whole, peak

    def start(self, all_tools):
        """Of each tool: its name, milliseconds to start, to end and for `true`, and its memory."""
        print(f"{time.strftime('%T')} start", file=sys.stderr, flush=True)
        times = {tool.name: [] for tool in all_tools}
        for _ in range(ROUNDS):
            for tool in all_tools:
                times[tool.name].append(self.started(tool))
        return [
            {
                "name": name,
                "start": spread([one[0] for one in runs]),
                "end": spread([one[1] for one in runs]),
                "true": spread([one[2] for one in runs]),
                "peak KiB": max(one[3] for one in runs),
            }
            for name, runs in times.items()
        ]
