"""Who holds a case, and what a person at the clearing desk can do about it."""
