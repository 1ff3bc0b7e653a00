"""The HTTP side: the log's public files, and the reading room for those with a token."""
