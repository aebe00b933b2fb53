{{ failure_rates('schema', ['load_plan', 'schema_name']) }}
