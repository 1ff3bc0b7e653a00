"""What happens when an event arrives, a checkpoint is due, or an auditor asks."""
