"""The directory of a Land: its model, its tables, its validation, and its changes."""
