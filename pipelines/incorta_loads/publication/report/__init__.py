"""report.html: failures, when they began and how complete the data is, on one offline page.

data.py      the data of the marts as one compact JSON document
grid.py      the status of each run of each table, one character per run
sections.py  the rows and fields of the marts in each section of the page
names.py     the names in the page: each stored once, shortened, and always visible
page.py      the document, styles, scripts and data in one file
assets/      the page's template, styles and scripts
vendor/      unmodified libraries from the npm registry; `make vendor` fetches them again
"""
