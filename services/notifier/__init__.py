"""The notifier: tells the applicant by e-mail what became of his case.

Consumes submission.received, submission.routed, case.updated and its own notification.settled; emits
notification.settled and case.clock. Owns the schema `notifier`: which message exists, what became of it, the
sealed contact, the timers.
"""
