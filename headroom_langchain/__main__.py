"""`python -m headroom_langchain`."""

from __future__ import annotations

import sys

from headroom_langchain.cli import main

sys.exit(main())
