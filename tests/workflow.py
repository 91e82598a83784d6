#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Prints what a step of a workflow of GitHub Actions runs.

    workflow.py FILE            the names of the steps that run something, a line each
    workflow.py FILE STEP       what that step runs, as a script
"""

import sys

import yaml

with open(sys.argv[1], encoding="utf-8") as file:
    jobs = yaml.safe_load(file)["jobs"]
steps = {
    step["name"]: step["run"] for job in jobs.values() for step in job["steps"] if "run" in step
}
print(steps[sys.argv[2]] if len(sys.argv) > 2 else "\n".join(steps))
