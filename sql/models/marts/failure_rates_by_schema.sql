{{ failure_rates('SCHEMA', ['schema_name']) }}
