"""The log as files that spreadsheets and databases read: JSON Lines, Parquet, and the archive that holds them."""
