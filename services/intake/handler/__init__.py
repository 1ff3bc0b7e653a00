"""Turns decisions into effects: accepts submissions, issues tokens."""
