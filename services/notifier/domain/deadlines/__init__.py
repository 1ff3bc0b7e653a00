"""Statutory periods: when they begin and end, what follows from silence, when the last safe dispatch is."""
