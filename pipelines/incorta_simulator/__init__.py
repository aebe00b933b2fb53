"""A real HTTP server that answers as the load-plan status endpoint does.

The files in the way of the data: `draws` → `plans` → `tree` → `execution` → `story` → `progress` →
`company` make the answers; `answer` → `endpoint` → `faults` → `traffic` → `server` → `serving` give
them. What goes wrong: `bodies` → `packing` → `transport` → `echoes` are the faults, `weather` lets
them happen by chance, and `case` → `…_cases` → `catalogue` say what a client must make of each.
"""
