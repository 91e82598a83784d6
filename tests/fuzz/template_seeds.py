#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Writes the built-in templates as inputs of template_fuzz.

    template_seeds.py DIRECTORY
"""

import glob
import os
import shutil
import sys

for path in glob.glob("templates/*.mustache"):
    shutil.copy(path, os.path.join(sys.argv[1], os.path.basename(path)))
