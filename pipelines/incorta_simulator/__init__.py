"""A real HTTP server that behaves like the load-plan status endpoint.

    company/   load plans and their executions, from which responses are made
    faults/    what can go wrong, and how a client must handle it
    server/    serves responses and faults over HTTP

The three exchange the types in `question` and `answer`; `draws` makes chance repeatable.
"""
