"""`amtsweg authority check`: a test submission, played through with an authority's real client."""
