{{ failure_rates('LOAD_PLAN', ['load_plan']) }}
