"""Brings each submission to the one competent authority, or parks it; keeps who holds which case.

Consumes submission.received.v1, case.ordered.v1 and case.answered.v1.
Emits the authorities' inboxes, submission.routed.v1 and case.updated.v1.
Owns case.custody.v1 and submission.held.v1.
"""
