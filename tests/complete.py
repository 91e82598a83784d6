#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Types a line into a shell in a terminal, and prints what its last word is completed with.

    complete.py SHELL SCRIPT LINE

The shell is interactive and reads nothing but SCRIPT: zsh when it is needed, zsh-sourced at once.
Where there is more than one completion, the key that inserts all of them is typed, and then the line
is made one that prints its words.
"""

import os
import pty
import select
import sys
import time

ZSH = (
    "autoload -Uz compinit; compinit -u -D; "
    "zle -C all complete-word _generic; bindkey '^Xa' all; "
    "zstyle ':completion:all::::' completer _all_matches _complete; "
    "zstyle ':completion:all:*' old-matches true; zstyle ':completion:all:*' insert true"
)
SHELLS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "zsh-sourced": ["zsh", "-f", "-i"],
}
PREPARE = {
    "bash": "bind '\"\\C-xa\": insert-completions'; . {script}",
    "zsh": f"fpath=({{folder}} $fpath); {ZSH}; unsetopt nomatch",
    "zsh-sourced": f"{ZSH}; source <(cat {{script}}); unsetopt nomatch",
}


def read_until(terminal, mark, after=b"", seconds=60):
    """All that is printed up to the first such mark after what is given."""
    text, end = b"", time.monotonic() + seconds
    while mark not in text.partition(after)[2] if after else mark not in text:
        if not select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
            sys.exit(f"waited in vain for {mark!r}; there is {text!r}")
        text += os.read(terminal, 65536)
    return text


def complete(shell, script, line):
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="dumb", PS1="type: ", HISTFILE="")
        os.execvp(SHELLS[shell][0], SHELLS[shell])
    prepare = PREPARE[shell].format(script=script, folder=os.path.dirname(script))
    os.write(terminal, f"{prepare}; echo rea''dy\n".encode())
    read_until(terminal, b"type: ", after=b"ready")
    # Ctrl-A goes to the beginning; the quotes keep the marks from being seen as they are typed.
    os.write(terminal, line.encode() + b"\x18a\x01print''f '<%s>\\n' be''gin \x05 en''d\n")
    text = read_until(terminal, b"<end>")
    os.write(terminal, b"\x03exit\n")
    os.close(terminal)
    os.waitpid(pid, 0)
    words = text[text.rindex(b"<begin>") :].decode().split("\n")
    words = [word.strip("\r")[1:-1] for word in words[1:] if word.startswith("<")][:-1]
    return words[len((line + "|").split()) - 1 :]


print("\n".join(complete(*sys.argv[1:4])))
