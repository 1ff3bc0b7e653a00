"""Decide, act, emit: one module for each process of the router."""
