"""`python -m headroom_langchain`: the command `headroom-langchain`."""

from __future__ import annotations

import sys

from headroom_langchain.cli import main

if __name__ == "__main__":
    sys.exit(main())
