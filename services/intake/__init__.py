"""The state platform's entrance: accepts submissions and reports what happens to them.

Consumes: submission.received, case.submitted, submission.routed, case.updated, case.clock, case.message, case.ordered,
notification.settled, operation.ordered.
Emits: submission.received, case.submitted, notification.read, case.message (tombstones), case.erased, operation.settled.
Owns: schema ``intake`` (receipts, assertion ids, histories). Reads schema ``access``.
"""
