"""PostgreSQL, schema `notifier`: what is known of cases, the messages that wait, what became of them."""
