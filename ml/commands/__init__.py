"""The commands of `kineme` that work on files: a module each, with `HELP`, `add_arguments` and `run`."""
