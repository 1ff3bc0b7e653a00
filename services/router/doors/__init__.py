"""The process `doors`: who is competent, asked by anybody; public.

Follows directory.changed.v1. Owns nothing.
"""
