"""On PYTHONPATH during tests: every Python process of ours, children too, is ended when it opens an internet socket."""

import os
import sys

FORBIDDEN = (2, 10, 23, 30)
"""AF_INET, and AF_INET6 as Linux, Windows and macOS number it."""


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.__new__" and arguments[1] in FORBIDDEN:
        os.write(2, b"OPENED AN INTERNET SOCKET\n")
        os._exit(99)


sys.addaudithook(_guard)
