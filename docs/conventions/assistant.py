"""Model Context Protocol: tools say what they take and give."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

INSPECTOR = "0.17.2"
_, _, address = sys.argv


def inspect(*options: str) -> Any:
    """Return what the inspector is told at /mcp."""
    tool = ["npx", "--yes", f"@modelcontextprotocol/inspector@{INSPECTOR}", "--cli", f"{address}/mcp"]
    run = subprocess.run(
        [*tool, "--transport", "http", *options], capture_output=True, text=True, timeout=250, check=True
    )
    return json.loads(run.stdout)


def row(reads: str, says: str) -> None:
    """Print a row."""
    print(f"inspector {INSPECTOR}", f"`{reads}`", says, sep="\t")


tools = inspect("--method", "tools/list")["tools"]
parameters = [one for tool in tools for one in tool["inputSchema"]["properties"].values()]
described = all(one.get("description") for one in parameters)
given = sum("outputSchema" in tool for tool in tools)
row(
    "tools/list",
    f"{len(tools)} tools, {given} with output schema; parameters {'all' if described else 'not all'} described",
)
answer = inspect("--method", "tools/call", "--tool-name", "describe", "--tool-arg", "thing=CCS")
same = json.loads(answer["content"][0]["text"]) == answer["structuredContent"]
row("tools/call describe", f"structured content is {'that' if same else 'not that'} of the text")
templates = inspect("--method", "resources/templates/list")["resourceTemplates"]
row("resources/templates/list", ", ".join(sorted(template["name"] for template in templates)))
prompts = inspect("--method", "prompts/list")["prompts"]
row("prompts/list", ", ".join(sorted(prompt["name"] for prompt in prompts)))
