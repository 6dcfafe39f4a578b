"""A protocol as one HTML page that needs no network: its machines, its messages, what was found, and its runs.

Python says everything that is to be seen (`contents`); the page's own script shows it, and marks what belongs together.
"""

from protoflow.page.contents import Run
from protoflow.page.write import page

__all__ = ["Run", "page"]
