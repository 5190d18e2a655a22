"""Labels to candidates: one index and one scorer, of which `kg link`, `/reconcile` and `/search` are three faces."""

from kg.link.entries import Entry, Label, entries_of_esco, entries_of_store
from kg.link.files import as_csv, as_dict, as_json, as_sssom, link_file
from kg.link.index import Candidate, Index, Wanted

__all__ = [
    "Candidate",
    "Entry",
    "Index",
    "Label",
    "Wanted",
    "as_csv",
    "as_dict",
    "as_json",
    "as_sssom",
    "entries_of_esco",
    "entries_of_store",
    "link_file",
]
