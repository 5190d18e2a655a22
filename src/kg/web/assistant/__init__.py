"""The site for assistants: short answers that name their evidence, served over the Model Context Protocol."""
