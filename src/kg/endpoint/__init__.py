"""The graph as a service: workers, back ends, HTTP, assistants."""
