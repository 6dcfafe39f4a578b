"""Protocols in other notations, for other tools."""
