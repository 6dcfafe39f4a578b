"""torch and numpy, or a clear word on how to get them. The other modules of this package import them from here."""

from __future__ import annotations

from protoflow.errors import UsageError

MISSING = "learning needs torch, numpy and scikit-learn, which are not installed: pip install 'protoflow-fl[torch]'"

try:
    import numpy
    import torch
except ModuleNotFoundError as error:
    raise UsageError(f"{MISSING} (no module `{error.name}`)") from error

__all__ = ["MISSING", "numpy", "torch"]
