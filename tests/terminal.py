#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Runs a command on a terminal of its own and prints what appears there; the status is the command's.

    terminal.py [--when FILE interrupt|suspend|hang-up|SIGNAL]... COMMAND [ARG...]

Once FILE is there, Ctrl-C or Ctrl-Z is typed, the terminal is taken away, or the command is sent a signal;
then comes the next.
"""

import os
import pty
import select
import signal
import sys


def act(action, screen, pid):
    """Returns the terminal, or None when there is none any more."""
    if action == "interrupt":
        os.write(screen, b"\x03")
    elif action == "suspend":
        os.write(screen, b"\x1a")
    elif action == "hang-up":
        os.close(screen)
        return None
    else:
        os.kill(pid, signal.Signals["SIG" + action])
    return screen


def main():
    arguments, actions = sys.argv[1:], []
    while arguments[0] == "--when":
        actions.append(arguments[1:3])
        arguments = arguments[3:]
    pid, screen = pty.fork()
    if pid == 0:
        # Whoever runs the tests may ignore what a terminal sends: in the background, with nohup.
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTSTP):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(arguments[0], arguments)
    while screen is not None:
        if actions and os.path.exists(actions[0][0]):
            screen = act(actions.pop(0)[1], screen, pid)
        elif select.select([screen], [], [], 0.05)[0]:
            try:
                shown = os.read(screen, 65536)
            except OSError:  # nobody has it open any more
                break
            sys.stdout.buffer.write(shown)
            sys.stdout.buffer.flush()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
