"""The schema's history; each step once, in order."""
