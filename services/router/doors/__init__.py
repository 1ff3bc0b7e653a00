"""The process `doors`: what authorities say about their cases, and who is competent; public.

Follows directory.changed.v1 and case.custody.v1. Emits case.answered.v1. Owns schema ``doors``.
"""
