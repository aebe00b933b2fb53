#!/bin/sh
# What `make run` does against the simulator: the whole way, from execution ids to failure rates.
set -e
incorta-loads run
echo
echo "Meanwhile executions begin and end. Looking at them a dozen times, as a schedule would:"
for look in 1 2 3 4 5 6 7 8 9 10 11 12; do
  incorta-loads ingest --quiet
done
incorta-loads run
echo
incorta-loads failures --by schema --limit 5
echo
incorta-loads failures --by table --limit 5
echo
incorta-loads health --limit 8
echo
incorta-loads regressions --limit 5
echo
incorta-loads fix-first --limit 5
echo
incorta-loads durations
echo
incorta-loads coverage
echo
echo "The warehouse is $DESTINATION__DUCKDB__CREDENTIALS; ask it anything:"
echo "  DESTINATION__DUCKDB__CREDENTIALS=$DESTINATION__DUCKDB__CREDENTIALS .venv/bin/incorta-loads sql 'SELECT outcome, count(*) AS executions FROM load_analysis.executions GROUP BY ALL'"
