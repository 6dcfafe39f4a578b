"""Help with writing protocols: files to start from, stubs of handlers, one form for all, fixes that are certain."""
