"""Papers: agreements, training plans, amendments; their documents, and who signs them in which order."""
