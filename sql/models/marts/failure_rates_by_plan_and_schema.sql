{{ failure_rates('SCHEMA', ['load_plan', 'schema_name']) }}
