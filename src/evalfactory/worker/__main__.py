"""Entry of a worker process that a local runner talks to through its pipes."""

import sys

from .piped import main

sys.exit(main())
