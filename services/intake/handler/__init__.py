"""Where decisions become effects: submissions are taken, tokens are issued."""
