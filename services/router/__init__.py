"""Delivers each submission to the competent authority or parks it, and keeps who holds which case.

Consumes: submission.received, case.submitted, case.ordered, case.answered, case.clock, operation.ordered.
Emits: authorities' inboxes, submission.routed, case.updated, case.message, case.erased, operation.settled.
Owns: topics case.custody and submission.held.
"""
