"""The log in PostgreSQL, schema ``audit``: entries, payloads, keys, the tree, what was published."""
