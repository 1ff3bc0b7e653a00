"""PostgreSQL, schema ``doors``: the answers that were accepted."""
