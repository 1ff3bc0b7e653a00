"""The revisions of the schema, oldest first; `shared.runtime.migrations` runs those that are missing."""
