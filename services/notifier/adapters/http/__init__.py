"""What the notifier answers over HTTP."""
