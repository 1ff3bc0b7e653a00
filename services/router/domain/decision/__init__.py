"""Who is competent: the pure decision, from a directory and an inquiry to an answer and its explanation."""
