{{ failure_rates('load_plan', ['load_plan']) }}
