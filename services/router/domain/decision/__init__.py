"""The pure decision who is competent: from a directory and an inquiry to an answer and its explanation."""
