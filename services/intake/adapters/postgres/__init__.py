"""PostgreSQL: the book of receipts, assertion ids, histories, and the clients of schema ``access``."""
