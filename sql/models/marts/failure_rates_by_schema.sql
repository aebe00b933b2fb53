{{ failure_rates('schema', ['schema_name']) }}
