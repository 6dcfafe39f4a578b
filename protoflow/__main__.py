"""`python -m protoflow` is the `protoflow` command."""

import sys

from protoflow.cli import main

sys.exit(main())
