"""report.html: what fails, since when, and how complete that is, on one page without a network.

data.py      what the marts say, as one compact JSON document
grid.py      how each run of each table ended, one character a run
sections.py  which rows and fields of the marts are in each section of the page
names.py     names in the page: each once, shortened, and visible whatever is in them
page.py      the document, the styles, the scripts and the data in one file
assets/      the template, the styles and the scripts of the page
vendor/      libraries as they came from the npm index; `make vendor` fetches them again
"""
