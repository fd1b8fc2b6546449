"""Entry of the processes that a local runner starts: a worker, or with a socket's number the nursery that forks them."""

import atexit
import gc
import os
import sys
from contextlib import suppress

gc.disable()  # what is imported from here on stays: there is nothing to find
from .nursery import worker_is_born  # noqa: E402
from .piped import main  # noqa: E402

if len(sys.argv) == 1 or worker_is_born(int(sys.argv[1])):
    gc.enable()
    code = main()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)  # all is written, and taking apart what was imported takes a tenth of a second
