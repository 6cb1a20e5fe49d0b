"""What C libraries say: they write to the descriptor of stderr, which Python's sys.stderr does not catch."""

import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator

_lock = threading.Lock()
"""The descriptor belongs to the whole process; two at once would never give it back."""


class Said:
    """The text, once the block has been left."""

    text = ""


@contextlib.contextmanager
def caught() -> Iterator[Said]:
    """Takes what any thread writes to the descriptor meanwhile."""
    said = Said()
    with _lock, tempfile.TemporaryFile() as file:
        try:
            before = os.dup(2)
        except OSError:  # a program started without stderr
            yield said
            return
        os.dup2(file.fileno(), 2)
        try:
            yield said
        finally:
            os.dup2(before, 2)
            os.close(before)
            file.seek(0)
            said.text = file.read().decode(errors="replace")
