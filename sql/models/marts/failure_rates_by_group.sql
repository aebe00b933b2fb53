{{ failure_rates('GROUP', ['load_plan', 'group_name']) }}
