"""The revisions of the schema, oldest first; `shared.postgres.migrations` runs those that are missing."""
