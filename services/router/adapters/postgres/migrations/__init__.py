"""Revisions of schema ``doors``."""
