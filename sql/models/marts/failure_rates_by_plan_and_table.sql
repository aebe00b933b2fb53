{{ failure_rates('TABLE', ['load_plan', 'schema_name', 'table_name']) }}
