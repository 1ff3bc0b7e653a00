"""The HTTP side: decisions become answers, German first."""
