"""Entry of the processes that a local runner starts: a worker, or with a socket's number the nursery that forks them."""

import sys

from .nursery import worker_is_born
from .piped import main

if len(sys.argv) == 1 or worker_is_born(int(sys.argv[1])):
    sys.exit(main())
