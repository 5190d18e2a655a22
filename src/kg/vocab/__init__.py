"""Vocabularies of others: ESCO and lists of codes, read from their official files."""
