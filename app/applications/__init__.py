"""One student asks for one opportunity: three yeses, a clock for each, and companies that are never flooded."""
