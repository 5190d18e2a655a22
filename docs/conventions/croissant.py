"""Croissant 1.0: the tables for machine learning."""

import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import mlcroissant

warnings.simplefilter("ignore")
release = Path(sys.argv[1])
found = mlcroissant.Dataset(jsonld=release / "croissant.json").metadata.ctx.issues
wrong = [*found.errors, *found.warnings]
said = f"{len(wrong)} findings: {sorted(wrong)[:3]}" if wrong else "valid"
print(f"mlcroissant {version('mlcroissant')}", "`croissant.json`: all tables", said, sep="\t")
