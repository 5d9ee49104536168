"""The command line: each command parses, calls the library and prints."""

from factorengine.cli.app import main

__all__ = ["main"]
