"""Checks: what is wrong with a protocol. They read the compiled tables and return findings; `validate` runs them."""

from protoflow.checks.validate import Report, validate

__all__ = ["Report", "validate"]
