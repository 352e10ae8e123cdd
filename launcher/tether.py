"""Run one command that does not outlive the process that started it: `python tether.py PARENT SIGNAL USER CMD…`.

A program of its own, because what it asks of the kernel is undone by a change of user and has to come after it,
and because a `preexec_fn` would run between fork and exec of a process that may have threads.
Standard library only. USER is a number, or `-` to stay who we are. Elsewhere than on Linux it only runs the command:
there the next start finds what is left by its recorded process ids.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: "list[str]") -> None:
    parent, signal, user, command = int(arguments[0]), int(arguments[1]), arguments[2], arguments[3:]
    if user != "-":
        os.setgroups([])
        os.setgid(int(user))
        os.setuid(int(user))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "cannot tie this process to its parent")
        if os.getppid() != parent:  # it died before the kernel knew
            sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
