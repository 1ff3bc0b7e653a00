"""Revisions of schema ``intake``, run in order by `shared.runtime.migrations`."""
