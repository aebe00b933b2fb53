"""A real HTTP server that answers as the load-plan status endpoint does.

    company/   who there is, and what happens to them: the answers
    faults/    what may go wrong, and what a client must make of it
    server/    the answers and faults over HTTP

`question` and `answer` travel between the three; `draws` makes chance repeatable.
"""
