"""Makes `import torchvision` work for peers that import it and use none of its operators.

The package index has torchvision built for torch with CUDA only; beside torch for the CPU its operators cannot be
loaded, and its import fails at the first of them that it wants to describe. Declaring those is enough.
"""

from __future__ import annotations

import sys

import torch

try:
    import torchvision
except RuntimeError:
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    DECLARED = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    """Declared as long as this lives."""
    for operator in ("nms", "qnms"):
        schema = f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        DECLARED.define(schema)  # type: ignore[no-untyped-call]
    import torchvision  # noqa: F401
