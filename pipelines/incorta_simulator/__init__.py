"""A real HTTP server that answers as the load-plan status endpoint does."""
