"""The draft of a publication: what a machine finds in its text, for a person to delete or confirm."""
