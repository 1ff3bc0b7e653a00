"""The door of the state platform: takes submissions, and tells what became of them.

Consumes: submission.received, submission.routed, case.updated, case.ordered, notification.settled.
Emits: submission.received.
Owns: schema ``intake`` (receipts, assertion ids, histories). Reads schema ``access``.
"""
