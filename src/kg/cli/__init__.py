"""The command `kg`: importing its modules adds their commands to the group."""

from kg.cli import ask, check, linking, release
from kg.cli.group import main

__all__ = ["ask", "check", "linking", "main", "release"]
