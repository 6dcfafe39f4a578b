"""The commands, one file each: `NAME`, `add(subparsers)` with the options and the help, and a thin function."""
