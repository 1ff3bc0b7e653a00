"""The notifier: tells applicants by e-mail what became of their case.

Consumes submission.received, submission.routed, case.updated, case.message and its own notification.settled; emits
notification.settled and case.clock. Owns the schema `notifier`: which message exists, what became of it, the
sealed contact, the timers.
"""
