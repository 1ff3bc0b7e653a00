"""Sealing: JWE and key wrapping."""
