"""Publications and their text.

In: a text, and the passages that the graph states. Out: quotes, a check of what is stated, files to begin with.
"""
