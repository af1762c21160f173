"""Writing an opportunity in two minutes, renewing last year's, and what that costs a company."""
