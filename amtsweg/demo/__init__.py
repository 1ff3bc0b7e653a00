"""`amtsweg demo`: real submissions through the whole stack, and everything added up at the end."""
