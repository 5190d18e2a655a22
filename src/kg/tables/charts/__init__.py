"""Charts of answers: declared in the header of a question, drawn on the server, with their data in words."""
