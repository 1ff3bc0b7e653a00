"""Brings each submission to the one competent authority, or parks it; keeps who holds which case.

Consumes submission.received.v1, case.ordered.v1, case.answered.v1 and every authority's outbox.
Emits the authorities' inboxes, submission.routed.v1, case.updated.v1 and case.answered.v1.
Owns case.custody.v1 and submission.held.v1.
"""
