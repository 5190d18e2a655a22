"""The graph for assistants: answers that name their evidence, served over the Model Context Protocol."""
