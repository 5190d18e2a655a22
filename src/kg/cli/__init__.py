"""The command `kg`: importing its modules adds their commands to the group."""

from kg.cli import ask, assistants, check, draft, linking, release, serve, switch
from kg.cli.group import main

__all__ = ["ask", "assistants", "check", "draft", "linking", "main", "release", "serve", "switch"]
