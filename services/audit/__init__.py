"""The audit service: every event becomes a leaf of a transparency log that anyone can verify.

Consumes every audited topic of the catalogue. Emits ``audit.checkpoint.v1``. Owns the PostgreSQL schema
``audit`` and the folder of tiles.
"""
