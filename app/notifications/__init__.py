"""What people are told in the service, and which of it by mail as well."""
