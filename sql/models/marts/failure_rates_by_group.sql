{{ failure_rates('group', ['load_plan', 'group_name']) }}
