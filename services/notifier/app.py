"""The notifier put together: events in, plans and offsets in one transaction, mails and outcomes out."""
