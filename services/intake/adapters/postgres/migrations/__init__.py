"""Revisions of schema ``intake``, run in order by `shared.postgres.migrations`."""
