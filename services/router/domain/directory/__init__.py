"""A Land's directory: what it is made of, how it is read and checked, and how it changes."""
