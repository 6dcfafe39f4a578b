"""What one protocol may cost to read: more is refused, with a finding, before it costs time or memory."""

MAX_BYTES = 1 << 20
"""Of one file."""

MAX_DEPTH = 32
"""Of nesting, aliases apart."""

MAX_VALUES = 50_000
"""Keys, scalars, lists and mappings in one file, aliases written out."""

MAX_BASES = 32
"""Files that one protocol extends, directly or not."""

MAX_TABLE = 50_000
"""Pairs of state and trigger that the rows of one role stand for: the size of its compiled table."""

MAX_FINDINGS = 100
"""Nobody reads more at once, and a file full of mistakes must not take minutes to report."""
