"""What the servers hold before the first event: topics, users, grants, schemas, keys.

Everything is made from the catalogue and the directory; what is already there is left as it is.
"""
