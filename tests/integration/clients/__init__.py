"""What authorities read with: libraries and clients that we did not write."""
