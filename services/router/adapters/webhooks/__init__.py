"""Webhooks: one process reads the inboxes of those that have one, and calls."""
