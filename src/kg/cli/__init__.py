"""The command `kg`: importing its modules adds their commands to the group."""

from kg.cli import ask, assistants, check, linking, release
from kg.cli.group import main

__all__ = ["ask", "assistants", "check", "linking", "main", "release"]
